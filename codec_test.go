package hitkeep

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// randomHit fills every field of a hit, zero values included.
func randomHit(r *rand.Rand) Hit {
	h := Hit{EngagedMS: Absent, ScrollDepth: Absent}
	v := reflect.ValueOf(&h).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		name := v.Type().Field(i).Name
		switch {
		case name == "Journal" || name == "Seq" || r.IntN(3) == 0:
		case name == "Kind" || name == "Via":
			f.SetUint(r.Uint64N(4))
		case name == "EngagedMS" || name == "ScrollDepth":
			f.SetInt(r.Int64N(1<<31) + Absent)
		case f.Kind() == reflect.String:
			f.SetString(strings.Repeat("aé\x00", r.IntN(50)))
		case f.CanInt():
			f.SetInt(int64(r.Uint64()) >> (64 - f.Type().Bits()))
		case f.CanUint():
			f.SetUint(r.Uint64())
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		}
	}
	for i := range r.IntN(4) {
		h.Props = append(h.Props, Prop{Key: strings.Repeat("k", 1+100*i), Value: strings.Repeat("v", r.IntN(300))})
	}
	return h
}

func TestRecordRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		want := randomHit(r)
		var got Hit
		if err := got.DecodeRecord(want.AppendRecord(nil)); err != nil {
			t.Fatalf("%+v: %v", want, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestRecordSkipsUnknownFields(t *testing.T) {
	h := Hit{Site: 7, Path: "/a", EngagedMS: Absent, ScrollDepth: Absent}
	b := h.AppendRecord(nil)
	b = appendUint(b, 900, 5)
	b = appendString(b, 901, "later")
	var got Hit
	if err := got.DecodeRecord(b); err != nil || !reflect.DeepEqual(got, h) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestRecordRefusesBadUTF8(t *testing.T) {
	h := Hit{Site: 7, Path: "/\xff"}
	var got Hit
	if err := got.DecodeRecord(h.AppendRecord(nil)); !errors.Is(err, ErrRecord) {
		t.Fatalf("got %v", err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		h := randomHit(r)
		f.Add(h.AppendRecord(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Hit
		if err := h.DecodeRecord(b); err != nil && !errors.Is(err, ErrRecord) {
			t.Fatal(err)
		}
	})
}
