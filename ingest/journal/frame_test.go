package journal

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestFrameRoundTrip(t *testing.T) {
	want := Frame{Store: 1 << 62, Journal: 3, First: 17, Prev: 5, Records: [][]byte{[]byte("a"), bytes.Repeat([]byte("b"), 300)}}
	b := EncodeFrame([]byte("before"), want)
	got, n, err := DecodeFrame(append(b[6:], "behind"...))
	if err != nil || n != len(b)-6 {
		t.Fatal(n, err)
	}
	if got.Last() != 18 || got.Count != 2 {
		t.Fatalf("got %+v", got)
	}
	got.Raw, got.Count = nil, 0
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
}

// No flipped bit and no cut goes unnoticed.
func TestFrameNoticesEveryFlip(t *testing.T) {
	b := EncodeFrame(nil, Frame{Store: 2, Journal: 3, First: 17, Prev: 5, Records: [][]byte{[]byte("one"), []byte("two")}})
	for i := range len(b) * 8 {
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		if f, _, err := DecodeFrame(c); !errors.Is(err, ErrFrame) {
			t.Fatalf("bit %d: %+v, %v", i, f, err)
		}
	}
	for n := range b {
		if _, _, err := DecodeFrame(b[:n]); !errors.Is(err, ErrShortFrame) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(EncodeFrame(nil, Frame{Store: 2, Journal: 3, First: 17, Prev: 5, Records: [][]byte{[]byte("one"), []byte("two")}}))
	f.Add([]byte("HKF1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, n, err := DecodeFrame(b)
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatal(err)
			}
			// The checksum stops nearly all mutations: repair it to reach what lies behind.
			if len(b) < headBytes {
				return
			}
			b = bytes.Clone(b)
			head, m, err := parseHead(b)
			if err != nil || m > len(b) {
				return
			}
			b = b[:m]
			sealFrame(b, &head)
			if fr, n, err = DecodeFrame(b); err != nil {
				return
			}
		}
		if got := EncodeFrame(nil, fr); len(got) > n || fr.Count != len(fr.Records) {
			t.Fatalf("%d records of %d, %d bytes of %d", len(fr.Records), fr.Count, len(got), n)
		}
	})
}
