package hitkeep

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// The ids are random positive 63-bit integers, strings in JSON, and never reused.
type (
	SiteID   int64
	TenantID int64 // a tenant is a team: one store, one directory
	UserID   int64
	TokenID  int64
	ImportID int64
)

// JournalID names one process start's journal: unique on the instance and ascending in start
// order (invariant 3).
type JournalID int64

// DefaultTenant is the tenant that exists on every instance; DemoTenant holds demo data only.
const (
	DefaultTenant TenantID = 1
	DemoTenant    TenantID = 2
)

// NewID reads a random positive 63-bit integer from r (crypto/rand.Reader, or a test's own).
func NewID(r io.Reader) (int64, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, fmt.Errorf("new id: %w", err)
		}
		// Ids below 2^32 are kept free for fixed ones such as DefaultTenant.
		if id := int64(binary.LittleEndian.Uint64(b[:]) >> 1); id >= 1<<32 {
			return id, nil
		}
	}
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

func parseID(what string, b []byte) (int64, error) {
	s := string(b)
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 {
		return 0, BadField(what, "%q is not an id (a positive integer of up to 19 digits)", s)
	}
	return id, nil
}

func (id SiteID) String() string   { return formatID(int64(id)) }
func (id TenantID) String() string { return formatID(int64(id)) }
func (id UserID) String() string   { return formatID(int64(id)) }
func (id TokenID) String() string  { return formatID(int64(id)) }
func (id ImportID) String() string { return formatID(int64(id)) }

func (id SiteID) MarshalText() ([]byte, error)   { return []byte(id.String()), nil }
func (id TenantID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id UserID) MarshalText() ([]byte, error)   { return []byte(id.String()), nil }
func (id TokenID) MarshalText() ([]byte, error)  { return []byte(id.String()), nil }
func (id ImportID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

func (id *SiteID) UnmarshalText(b []byte) error   { return unmarshalID(id, "site", b) }
func (id *TenantID) UnmarshalText(b []byte) error { return unmarshalID(id, "team", b) }
func (id *UserID) UnmarshalText(b []byte) error   { return unmarshalID(id, "user", b) }
func (id *TokenID) UnmarshalText(b []byte) error  { return unmarshalID(id, "token", b) }
func (id *ImportID) UnmarshalText(b []byte) error { return unmarshalID(id, "import", b) }

func unmarshalID[T ~int64](id *T, what string, b []byte) error {
	n, err := parseID(what, b)
	if err == nil {
		*id = T(n)
	}
	return err
}
