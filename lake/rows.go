package lake

import (
	"context"
	"database/sql"
	"errors"
	"math/bits"
	"reflect"
	"runtime"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"hitkeep"
)

// chunkRows is DuckDB's vector size.
const chunkRows = 2048

// rowWriter appends rows to one table inside the transaction that is open on a connection. It
// fills DuckDB's vectors in place, half the cost of the driver's row-wise appender: 1. put one
// row's columns in the table's order; 2. next; after chunkRows rows the chunk is handed over;
// 3. close. Strings of up to 12 bytes stand inside the vector, longer ones in pinned blocks that
// DuckDB copies at hand-over. An error is sticky and returned by close.
type rowWriter struct {
	app    mapping.Appender
	chunk  mapping.DataChunk
	cols   []vector
	maps   map[int]*mapVectors // the MAP columns by position
	row    int
	col    int
	arena  arena
	err    error
	closed bool
}

// vector is where one column's values and null mask lie in C memory.
type vector struct {
	vec  mapping.Vector
	data unsafe.Pointer
	mask *[chunkRows / 64]uint64
}

// mapVectors are a MAP column's keys and values, one behind the other for all rows.
type mapVectors struct {
	list, keys, values mapping.Vector
	n, room            int
}

// varchar is DuckDB's string: length, then 12 bytes in place, or 4 bytes of prefix and a pointer.
type varchar struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

// newRowWriter opens a writer of catalog.table on c's connection.
func newRowWriter(c *sql.Conn, catalog, table string) (*rowWriter, error) {
	w := &rowWriter{maps: map[int]*mapVectors{}}
	err := c.Raw(func(dc any) error {
		conn, err := nativeConn(dc)
		if err != nil {
			return err
		}
		if mapping.AppenderCreateExt(conn, catalog, "main", table, &w.app) == mapping.StateError {
			return w.fail()
		}
		return nil
	})
	if err != nil {
		mapping.AppenderDestroy(&w.app)
		return nil, err
	}
	w.makeChunk()
	return w, nil
}

// nativeConn takes the C connection out of the driver's: the driver has no way to append whole
// vectors. The shape that this relies on is checked here and by a test of every row's values.
func nativeConn(dc any) (mapping.Connection, error) {
	v := reflect.ValueOf(dc)
	if _, ok := dc.(*duckdb.Conn); ok {
		if f := v.Elem().FieldByName("conn"); f.IsValid() && f.Kind() == reflect.Struct {
			if p := f.FieldByName("Ptr"); p.IsValid() && p.Kind() == reflect.UnsafePointer && !p.IsNil() {
				return mapping.Connection{Ptr: p.UnsafePointer()}, nil
			}
		}
	}
	return mapping.Connection{}, errors.New("this duckdb driver keeps its connection elsewhere")
}

func (w *rowWriter) makeChunk() {
	n := int(mapping.AppenderColumnCount(w.app))
	types := make([]mapping.LogicalType, n)
	for i := range types {
		types[i] = mapping.AppenderColumnType(w.app, mapping.IdxT(i))
	}
	w.chunk = mapping.CreateDataChunk(types)
	w.cols = make([]vector, n)
	for i := range types {
		if mapping.GetTypeId(types[i]) == mapping.TypeMap {
			w.maps[i] = &mapVectors{}
		}
		mapping.DestroyLogicalType(&types[i])
	}
	w.locate()
}

// locate finds the vectors' memory, anew after each reset of the chunk.
func (w *rowWriter) locate() {
	for i := range w.cols {
		v := &w.cols[i]
		v.vec = mapping.DataChunkGetVector(w.chunk, mapping.IdxT(i))
		mapping.VectorEnsureValidityWritable(v.vec)
		v.data = mapping.VectorGetData(v.vec)
		v.mask = (*[chunkRows / 64]uint64)(mapping.VectorGetValidity(v.vec))
		if m := w.maps[i]; m != nil {
			m.list = v.vec
			pairs := mapping.ListVectorGetChild(v.vec)
			m.keys, m.values = mapping.StructVectorGetChild(pairs, 0), mapping.StructVectorGetChild(pairs, 1)
			m.n, m.room = 0, chunkRows // DuckDB reserves one vector for the children
		}
	}
}

// next ends the row; all columns must have been put.
func (w *rowWriter) next() {
	if w.col != len(w.cols) && w.err == nil {
		w.err = errors.New("row with a wrong number of columns")
	}
	w.col = 0
	if w.row++; w.row == chunkRows {
		w.handOver()
	}
}

// handOver gives the filled chunk to DuckDB, which copies it.
func (w *rowWriter) handOver() {
	if w.row == 0 || w.err != nil {
		w.row = 0
		return
	}
	for i, m := range w.maps {
		mapping.ListVectorSetSize(w.cols[i].vec, mapping.IdxT(m.n))
	}
	mapping.DataChunkSetSize(w.chunk, mapping.IdxT(w.row))
	if mapping.AppendDataChunk(w.app, w.chunk) == mapping.StateError {
		w.err = w.fail()
	}
	mapping.DataChunkReset(w.chunk)
	w.locate()
	w.arena.reset()
	w.row = 0
}

// close hands the last rows over and frees the writer. The transaction stays open.
func (w *rowWriter) close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	w.handOver()
	if w.err == nil && mapping.AppenderFlush(w.app) == mapping.StateError {
		w.err = w.fail()
	}
	if w.err != nil {
		mapping.AppenderClear(w.app) // else destroying would flush
	}
	mapping.AppenderDestroy(&w.app)
	mapping.DestroyDataChunk(&w.chunk)
	w.arena.release()
	return w.err
}

// fail makes an error of what the appender says.
func (w *rowWriter) fail() error {
	d := mapping.AppenderErrorData(w.app)
	defer mapping.DestroyErrorData(&d)
	return classify(&duckdb.Error{Type: duckdb.ErrorType(mapping.ErrorDataErrorType(d)), Msg: mapping.ErrorDataMessage(d)})
}

// slot is the memory of the current row in the current column, of elements of size bytes.
func (w *rowWriter) slot(size int) unsafe.Pointer {
	p := unsafe.Add(w.cols[w.col].data, w.row*size)
	w.col++
	return p
}

func (w *rowWriter) null() {
	w.cols[w.col].mask[w.row>>6] &^= 1 << (w.row & 63)
	w.col++
}

func (w *rowWriter) int64(v int64)   { *(*int64)(w.slot(8)) = v }
func (w *rowWriter) int32(v int32)   { *(*int32)(w.slot(4)) = v }
func (w *rowWriter) boolean(v bool)  { *(*bool)(w.slot(1)) = v }
func (w *rowWriter) string(v string) { w.arena.put((*varchar)(w.slot(16)), v) }

// id puts a number that is null when 0, text a string that is null when empty.
func (w *rowWriter) id(v int64) {
	if v == 0 {
		w.null()
		return
	}
	w.int64(v)
}

func (w *rowWriter) text(v string) {
	if v == "" {
		w.null()
		return
	}
	w.string(v)
}

// props puts a MAP(VARCHAR, VARCHAR), null when empty.
func (w *rowWriter) props(props []hitkeep.Prop) {
	if len(props) == 0 {
		w.null()
		return
	}
	m := w.maps[w.col]
	for m.n+len(props) > m.room {
		m.room *= 2
		mapping.ListVectorReserve(m.list, mapping.IdxT(m.room))
	}
	keys := (*varchar)(mapping.VectorGetData(m.keys))
	values := (*varchar)(mapping.VectorGetData(m.values))
	entry := (*[2]uint64)(w.slot(16)) // offset and length
	entry[0], entry[1] = uint64(m.n), uint64(len(props))
	for _, p := range props {
		w.arena.put((*varchar)(unsafe.Add(unsafe.Pointer(keys), m.n*16)), p.Key)
		w.arena.put((*varchar)(unsafe.Add(unsafe.Pointer(values), m.n*16)), p.Value)
		m.n++
	}
}

// arena holds the long strings of a chunk in blocks that the garbage collector does not move or
// free while C memory points to them.
type arena struct {
	pin    runtime.Pinner
	blocks [][]byte // cap = block size
	block  int      // the one being filled
}

const arenaBlock = 256 << 10

func (a *arena) put(at *varchar, s string) {
	at.length = uint32(len(s))
	if len(s) <= 12 {
		at.prefix, at.rest = [4]byte{}, [8]byte{}
		n := copy(at.prefix[:], s)
		copy(at.rest[:], s[n:])
		return
	}
	copy(at.prefix[:], s)
	// A number, not a pointer: the write barrier must not look at what C memory held before.
	*(*uintptr)(unsafe.Pointer(&at.rest)) = uintptr(a.keep(s))
}

// keep copies s into a pinned block and returns where it lies.
func (a *arena) keep(s string) unsafe.Pointer {
	for a.block < len(a.blocks) && len(a.blocks[a.block])+len(s) > cap(a.blocks[a.block]) {
		a.block++
	}
	if a.block == len(a.blocks) {
		size := max(arenaBlock, 1<<bits.Len(uint(len(s))))
		b := make([]byte, 0, size)
		a.pin.Pin(unsafe.SliceData(b[:1]))
		a.blocks = append(a.blocks, b)
	}
	b := a.blocks[a.block]
	start := len(b)
	a.blocks[a.block] = append(b, s...)
	return unsafe.Pointer(&a.blocks[a.block][start])
}

func (a *arena) reset() {
	for i := range a.blocks {
		a.blocks[i] = a.blocks[i][:0]
	}
	a.block = 0
}

func (a *arena) release() {
	a.pin.Unpin()
	a.blocks = nil
}

// writeHits appends hits to hot and their client ids to seen, in the open transaction.
func (s *store) writeHits(ctx context.Context, c *sql.Conn, hits []*hitkeep.Hit) error {
	if len(hits) == 0 {
		return ctx.Err()
	}
	hot, err := newRowWriter(c, s.catalog, "hot")
	if err != nil {
		return err
	}
	for _, h := range hits {
		if s.refuse != nil && hot.err == nil {
			hot.err = s.refuse(h)
		}
		putHit(hot, h)
	}
	if err := hot.close(); err != nil {
		return err
	}
	return s.writeSeen(c, hits)
}

func (s *store) writeSeen(c *sql.Conn, hits []*hitkeep.Hit) error {
	var w *rowWriter
	for _, h := range hits {
		if h.ClientID == 0 {
			continue
		}
		if w == nil {
			var err error
			if w, err = newRowWriter(c, s.catalog, "seen"); err != nil {
				return err
			}
		}
		w.int64(int64(h.Site))
		w.int64(int64(h.ClientID))
		w.int64(h.ReceivedAt)
		w.next()
	}
	if w == nil {
		return nil
	}
	return w.close()
}

// putHit writes one row in the column order of schema/0001_store.sql.
func putHit(w *rowWriter, h *hitkeep.Hit) {
	w.int64(int64(h.Site))
	w.int64(int64(h.Journal))
	w.int64(h.Seq)
	w.int64(h.TS)
	w.int64(h.ReceivedAt)
	w.int32(int32(h.Day))
	w.string(h.Kind.String())
	w.text(h.Name)
	w.int64(h.Visitor)
	w.id(h.MidnightKey)
	for _, s := range [...]string{h.Hostname, h.Path, h.Referrer, h.Source, h.Channel,
		h.UTMSource, h.UTMMedium, h.UTMCampaign, h.UTMTerm, h.UTMContent, h.ClickID,
		h.Country, h.Region, h.City, h.Browser, h.BrowserVersion, h.OS, h.OSVersion,
		h.Device, h.Screen, h.Language} {
		w.text(s)
	}
	if h.Kind == hitkeep.Event {
		w.boolean(h.Interactive)
	} else {
		w.null()
	}
	if h.EngagedMS == hitkeep.Absent {
		w.null()
	} else {
		w.int64(h.EngagedMS)
	}
	if h.ScrollDepth == hitkeep.Absent {
		w.null()
	} else {
		w.int32(h.ScrollDepth)
	}
	w.props(h.Props)
	if h.Currency == "" {
		w.null()
	} else {
		w.int64(h.RevenueMilli) // DECIMAL(18, 3) is kept in thousandths
	}
	w.text(h.Currency)
	if h.Kind == hitkeep.Vital {
		w.int64(h.VitalMicro) // DECIMAL(18, 6) is kept in millionths
	} else {
		w.null()
	}
	w.text(h.Bot)
	w.text(h.BotName)
	w.string(h.Via.String())
	w.id(int64(h.Import))
	w.next()
}
