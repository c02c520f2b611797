package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"hitkeep"
)

// argon2id with the first choice of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes,
// one lane. About 30 ms on the machines that HitKeep is made for.
const (
	argonKiB    = 19 * 1024
	argonPasses = 2
	argonLanes  = 1
	saltSize    = 16
	hashSize    = 32

	hashesAtOnce = 2  // so logins take at most 38 MiB
	hashQueue    = 32 // requests that may wait for their turn
)

const (
	passwordMin = 10
	passwordMax = 200
)

// CheckPassword applies the password policy: length, nothing else.
func CheckPassword(field, password string) error {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return hitkeep.BadField(field, "is not valid text")
	case n < passwordMin:
		return hitkeep.BadField(field, "must have at least %d characters", passwordMin)
	case n > passwordMax:
		return hitkeep.BadField(field, "must have at most %d characters", passwordMax)
	}
	return nil
}

// HashPassword returns the PHC string of a password, for commands that have no API at hand.
func HashPassword(rand io.Reader, password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	sum := argon2.IDKey([]byte(password), salt, argonPasses, argonKiB, argonLanes, hashSize)
	return phcString(salt, sum), nil
}

func phcString(salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonKiB, argonPasses, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

var errHashForm = errors.New("not an argon2id hash in PHC form")

// verifyPassword says whether password has the PHC string phc.
func verifyPassword(phc, password string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHashForm
	}
	var kib, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &kib, &passes, &lanes); err != nil ||
		kib < 8 || kib > 256*1024 || passes < 1 || passes > 16 || lanes < 1 {
		return false, errHashForm
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) < 16 || len(want) > 128 {
		return false, errHashForm
	}
	got := argon2.IDKey([]byte(password), salt, passes, kib, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// hasher bounds how many passwords are hashed at once and gives the memory back.
type hasher struct {
	rand    io.Reader
	turn    chan struct{} // holds one value per running hash
	waiting atomic.Int32

	mu    sync.Mutex // guards freed
	freed time.Time
}

func newHasher(rand io.Reader) *hasher {
	return &hasher{rand: rand, turn: make(chan struct{}, hashesAtOnce)}
}

func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	err = h.run(ctx, func() error {
		phc, err = HashPassword(h.rand, password)
		return err
	})
	return phc, err
}

// nobodyHash is the hash of no password that anybody knows, at the full cost.
var nobodyHash = phcString(make([]byte, saltSize), make([]byte, hashSize))

// verify checks a password against phc; "" is an account that does not exist, and takes as long
// to refuse.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok bool, err error) {
	unknown := phc == ""
	if unknown {
		phc = nobodyHash
	}
	err = h.run(ctx, func() error {
		ok, err = verifyPassword(phc, password)
		return err
	})
	return ok && !unknown, err
}

func (h *hasher) run(ctx context.Context, f func() error) error {
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return &retryError{after: 5 * time.Second,
			err: hitkeep.Errorf(hitkeep.Unavailable, "too many people sign in at this moment")}
	}
	defer h.waiting.Add(-1)
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer h.release()
	return f()
}

// release ends a turn. The last one returns the 19 MiB to the system, which the runtime alone
// would keep for minutes; at most once a second, since it forces a collection.
func (h *hasher) release() {
	<-h.turn
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.turn) == 0 && time.Since(h.freed) > time.Second {
		debug.FreeOSMemory()
		h.freed = time.Now()
	}
}
