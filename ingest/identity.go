package ingest

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/dchest/siphash"

	"hitkeep"
)

// midnightSeconds is the reach of a midnight key on either side of a midnight: the longest gap
// within a visit.
const midnightSeconds = 1800

// person is what tells visitors of a site apart. It lives in memory only and for one request:
// neither the address nor the user agent is ever written anywhere.
type person struct {
	site   hitkeep.SiteID
	addr   netip.Addr
	client string // the client's name where a log holds no address
	agent  string
	domain string // registrable domain of the page's host
}

// message appends the person as bytes that no other person has: every text is preceded by
// its length.
func (p *person) message(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(p.site))
	if p.addr.IsValid() {
		a := p.addr.As16()
		b = append(append(b, 16), a[:]...)
	} else {
		b = appendText(b, p.client)
	}
	return append(appendText(b, p.agent), p.domain...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// identify sets the day, visitor id and midnight key of a hit from its ts in the site's zone.
// It reports whether the day's salt had to be made after the day's own was gone, so that its
// visitors count as new.
func (s *Service) identify(h *hitkeep.Hit, p *person, zone *time.Location) (late bool, err error) {
	h.Day = hitkeep.DayOf(time.UnixMicro(h.TS), zone)
	salt, err := s.salts.forImport(zone, h.Day, h.Import)
	if err != nil {
		return false, err
	}
	var buf [512]byte
	msg := p.message(append(buf[:0], "midnight|"...))
	h.Visitor = hash(salt, msg[len("midnight|"):])
	sec := floorSeconds(h.TS)
	switch {
	case sec >= salt.end-midnightSeconds:
		h.MidnightKey = hash(salt, msg)
	case sec < salt.start+midnightSeconds:
		// Both sides of a midnight use the earlier day's salt.
		before, err := s.salts.forImport(zone, h.Day-1, h.Import)
		if err != nil {
			return false, err
		}
		h.MidnightKey = hash(before, msg)
	}
	return salt.Late, nil
}

// hash is never 0, which stands for null.
func hash(s *Salt, msg []byte) int64 {
	if v := int64(siphash.Hash(s.k0, s.k1, msg)); v != 0 {
		return v
	}
	return 1
}

func floorSeconds(micros int64) int64 {
	sec := micros / 1e6
	if micros%1e6 < 0 {
		sec--
	}
	return sec
}
