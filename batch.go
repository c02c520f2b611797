package hitkeep

import "errors"

// Batch is a run of one store's records of one journal, in sequence order: what an applier
// takes (invariant 4). Other stores' records lie between them in the journal, so sequences
// ascend but need not be dense; Prev makes the run contiguous for its store.
type Batch struct {
	Store   TenantID
	Journal JournalID
	Prev    int64 // the store's last sequence before this batch in this journal; 0 = none
	Last    int64 // the last record's sequence
	Records int   // number of records: len(Hits) + len(Bad)
	Hits    []Hit
	Bad     []BadRecord
}

// BadRecord is a record that cannot be decoded: it becomes a dead letter in the batch's transaction.
type BadRecord struct {
	Seq    int64
	Raw    []byte
	Reason string
}

// Watermark says, per journal, the last sequence that a store has applied.
type Watermark map[JournalID]int64

// Partition is a closed range of local days of one site, rolled into one part: a day, or a
// whole month.
type Partition struct {
	Tenant   TenantID
	Site     SiteID
	From, To Day // inclusive, within one month
}

// Part is one live Parquet file as the manifest lists it.
type Part struct {
	Name     string // path below the tenant's lake directory
	Site     SiteID
	From, To Day   // local days of the rows, inclusive
	MinTS    int64 // microseconds UTC
	MaxTS    int64
	Rows     int64
	Bytes    int64
	// WrittenAt is when the part was made, microseconds UTC.
	WrittenAt int64
}

// Applied says what became of a batch's records.
type Applied struct {
	Stored, Duplicate, Dead int
	// Sites counts the stored hits per site, for live views.
	Sites map[SiteID]int
}

// ErrNotContiguous is returned for a batch whose Prev is not the store's watermark of that
// journal: the caller reads the watermark again and fills the gap from the journal.
var ErrNotContiguous = errors.New("batch does not follow the watermark")

// Floor says up to where a store no longer needs its journals (invariant 6). A segment may go
// when for every store with records in it the last sequence is <= Checkpointed and either
// <= Parted or the segment is older than 72 h.
type Floor struct {
	Checkpointed Watermark // applied and CHECKPOINTed
	Parted       Watermark // all records up to here are in verified parts, or stored nowhere
}

// Inventory is what a tenant's store holds, by site: what the compactor plans with.
type Inventory struct {
	Tenant TenantID
	Sites  []SiteInventory
}

// SiteInventory lists one site's hot days and live parts, both in order of days.
type SiteInventory struct {
	Site  SiteID
	Hot   []HotDay
	Parts []Part
}

// HotDay counts one local day's rows in the hot table. LastReceived is microseconds UTC.
type HotDay struct {
	Day          Day
	Rows         int64
	LastReceived int64
}
