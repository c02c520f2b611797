package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"hitkeep"
)

// cheapPHC is a hash of goodPassword that costs next to nothing to check.
func cheapPHC(t *testing.T) string {
	t.Helper()
	salt := []byte("saltsaltsaltsalt")
	sum := argon2.IDKey([]byte(goodPassword), salt, 1, 8, 1, 32)
	return cheapHash + base64.RawStdEncoding.EncodeToString(sum)
}

func TestHashPassword(t *testing.T) {
	phc, err := HashPassword(bytes.NewReader(make([]byte, 16)), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$") {
		t.Error(phc)
	}
	for pw, want := range map[string]bool{goodPassword: true, goodPassword + " ": false, "": false} {
		if got, err := verifyPassword(phc, pw); err != nil || got != want {
			t.Errorf("%q: %v %v", pw, got, err)
		}
	}
}

func TestVerifyRefusesOtherForms(t *testing.T) {
	good := cheapPHC(t)
	for _, phc := range []string{"", "x", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "m=8", "m=4000000", 1), strings.Replace(good, "t=1", "t=1000", 1),
		strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-40], good + "!"} {
		if ok, err := verifyPassword(phc, goodPassword); ok || err == nil {
			t.Errorf("%q: %v %v", phc, ok, err)
		}
	}
}

func TestUnknownAccountCostsTheSame(t *testing.T) {
	h := newHasher(bytes.NewReader(make([]byte, 64)))
	if ok, err := h.verify(context.Background(), "", goodPassword); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	made, err := h.hash(context.Background(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(made, "$"), strings.Split(nobodyHash, "$")
	if a[1] != b[1] || a[2] != b[2] || a[3] != b[3] || len(a[4]) != len(b[4]) || len(a[5]) != len(b[5]) {
		t.Errorf("unknown accounts are checked against %s, others against %s", nobodyHash, made)
	}
}

func TestMemoryGoesBack(t *testing.T) {
	held := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapSys - m.HeapReleased)
	}
	debug.FreeOSMemory()
	before := held()
	if _, err := newHasher(bytes.NewReader(make([]byte, 64))).hash(context.Background(), goodPassword); err != nil {
		t.Fatal(err)
	}
	if grown := held() - before; grown > 8<<20 {
		t.Errorf("%d bytes are held after a login", grown)
	}
}

func TestHasherIsBounded(t *testing.T) {
	h := newHasher(bytes.NewReader(make([]byte, 64)))
	for range hashesAtOnce {
		h.turn <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.hash(ctx, goodPassword); err != context.Canceled {
		t.Errorf("waited: %v", err)
	}
	h.waiting.Store(hashQueue)
	if _, err := h.hash(context.Background(), goodPassword); hitkeep.CodeOf(err) != hitkeep.Unavailable {
		t.Errorf("full: %v", err)
	}
	if h.waiting.Load() != hashQueue {
		t.Error("a refused request counts on")
	}
}

func TestCheckPassword(t *testing.T) {
	for pw, ok := range map[string]bool{"123456789": false, "1234567890": true, "pässwörter": true,
		strings.Repeat("ä", 200): true, strings.Repeat("a", 201): false, "1234567890\xff": false} {
		if err := CheckPassword("password", pw); (err == nil) != ok {
			t.Errorf("%q: %v", pw, err)
		}
	}
}
