package hitkeep

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
}
