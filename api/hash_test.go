package api

import (
	"bytes"
	"context"
	"encoding/base64"
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

func TestUnknownAccountIsHashedToo(t *testing.T) {
	h := newHasher(bytes.NewReader(make([]byte, 64)))
	if ok, err := h.verify(context.Background(), "", "nobody has this password"); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	phc, err := h.nobody()
	if err != nil || !strings.Contains(phc, "m=19456,t=2,p=1") {
		t.Errorf("checked against %q: %v", phc, err)
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
