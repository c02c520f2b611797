package hitkeep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A journal record is a version byte and then fields, each a uvarint (number<<1 | type) and a
// value: type 0 a uvarint (signed values zigzag encoded), type 1 a uvarint length and bytes.
// Fields that hold their zero value are left out; unknown numbers are skipped, so that an older
// binary can read what a newer one wrote. The table stands in ingest/journal/FORMAT.md.
const recordVersion = 1

// MaxRecord is the largest encoded hit, in bytes.
const MaxRecord = 64 << 10

// ErrRecord is wrapped by every decoding error.
var ErrRecord = errors.New("malformed hit record")

// The field numbers; never reuse one.
const (
	fSite = iota + 1
	fClientID
	fTS
	fReceivedAt
	fDay
	fKind
	fName
	fVisitor
	fMidnightKey
	fHostname
	fPath
	fReferrer
	fSource
	fChannel
	fUTMSource
	fUTMMedium
	fUTMCampaign
	fUTMTerm
	fUTMContent
	fClickID
	fCountry
	fRegion
	fCity
	fBrowser
	fBrowserVersion
	fOS
	fOSVersion
	fDevice
	fScreen
	fLanguage
	fInteractive
	fEngagedMS
	fScrollDepth
	fProp
	fRevenueMilli
	fCurrency
	fVitalMicro
	fBot
	fBotName
	fVia
	fImport
	fImportPos
)

// stringField returns the field of h that number n stands for, nil if n is no string field.
func (h *Hit) stringField(n uint64) *string {
	switch n {
	case fName:
		return &h.Name
	case fHostname:
		return &h.Hostname
	case fPath:
		return &h.Path
	case fReferrer:
		return &h.Referrer
	case fSource:
		return &h.Source
	case fChannel:
		return &h.Channel
	case fUTMSource:
		return &h.UTMSource
	case fUTMMedium:
		return &h.UTMMedium
	case fUTMCampaign:
		return &h.UTMCampaign
	case fUTMTerm:
		return &h.UTMTerm
	case fUTMContent:
		return &h.UTMContent
	case fClickID:
		return &h.ClickID
	case fCountry:
		return &h.Country
	case fRegion:
		return &h.Region
	case fCity:
		return &h.City
	case fBrowser:
		return &h.Browser
	case fBrowserVersion:
		return &h.BrowserVersion
	case fOS:
		return &h.OS
	case fOSVersion:
		return &h.OSVersion
	case fDevice:
		return &h.Device
	case fScreen:
		return &h.Screen
	case fLanguage:
		return &h.Language
	case fCurrency:
		return &h.Currency
	case fBot:
		return &h.Bot
	case fBotName:
		return &h.BotName
	}
	return nil
}

// AppendRecord appends the encoded hit to b. The caller has made all strings valid UTF-8: the
// decoder refuses others.
func (h *Hit) AppendRecord(b []byte) []byte {
	b = append(b, recordVersion)
	b = appendInt(b, fSite, int64(h.Site))
	b = appendUint(b, fClientID, h.ClientID)
	b = appendInt(b, fTS, h.TS)
	b = appendInt(b, fReceivedAt, h.ReceivedAt)
	b = appendInt(b, fDay, int64(h.Day))
	b = appendUint(b, fKind, uint64(h.Kind))
	b = appendInt(b, fVisitor, h.Visitor)
	b = appendInt(b, fMidnightKey, h.MidnightKey)
	for n := uint64(fName); n <= fBotName; n++ {
		if s := h.stringField(n); s != nil {
			b = appendString(b, n, *s)
		}
	}
	if h.Interactive {
		b = appendUint(b, fInteractive, 1)
	}
	// Shifted by one so that the zero value on disk is Absent.
	b = appendUint(b, fEngagedMS, uint64(h.EngagedMS-Absent))
	b = appendUint(b, fScrollDepth, uint64(h.ScrollDepth-Absent))
	for _, p := range h.Props {
		b = appendProp(b, p)
	}
	b = appendInt(b, fRevenueMilli, h.RevenueMilli)
	b = appendInt(b, fVitalMicro, h.VitalMicro)
	b = appendUint(b, fVia, uint64(h.Via))
	b = appendInt(b, fImport, int64(h.Import))
	return appendInt(b, fImportPos, h.ImportPos)
}

func appendUint(b []byte, num, v uint64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, num<<1), v)
}

func appendInt(b []byte, num uint64, v int64) []byte {
	return appendUint(b, num, uint64(v<<1)^uint64(v>>63))
}

func appendString(b []byte, num uint64, s string) []byte {
	if s == "" {
		return b
	}
	b = binary.AppendUvarint(b, num<<1|1)
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendProp writes key length, key and value in one field.
func appendProp(b []byte, p Prop) []byte {
	b = binary.AppendUvarint(b, fProp<<1|1)
	n := len(binary.AppendUvarint(nil, uint64(len(p.Key)))) + len(p.Key) + len(p.Value)
	b = binary.AppendUvarint(b, uint64(n))
	b = binary.AppendUvarint(b, uint64(len(p.Key)))
	return append(append(b, p.Key...), p.Value...)
}

// DecodeRecord fills h from one record. Journal and Seq are left to the caller, who knows the
// frame. The strings do not alias b. Errors wrap ErrRecord; h is then undefined.
func (h *Hit) DecodeRecord(b []byte) error {
	if len(b) == 0 || b[0] != recordVersion {
		return fmt.Errorf("%w: unknown version", ErrRecord)
	}
	*h = Hit{Journal: h.Journal, Seq: h.Seq, EngagedMS: Absent, ScrollDepth: Absent}
	// One copy of the record; all strings are slices of it.
	text := string(b)
	for p := 1; p < len(b); {
		tag, n := binary.Uvarint(b[p:])
		if n <= 0 {
			return fmt.Errorf("%w: field at byte %d", ErrRecord, p)
		}
		p += n
		v, n := binary.Uvarint(b[p:])
		if n <= 0 {
			return fmt.Errorf("%w: value of field %d at byte %d", ErrRecord, tag>>1, p)
		}
		p += n
		if tag&1 == 0 {
			h.setInt(tag>>1, v)
			continue
		}
		if v > uint64(len(b)-p) {
			return fmt.Errorf("%w: field %d runs over the end", ErrRecord, tag>>1)
		}
		if err := h.setText(tag>>1, text[p:p+int(v)]); err != nil {
			return err
		}
		p += int(v)
	}
	if int(h.Kind) >= len(kindNames) || int(h.Via) >= len(viaNames) {
		return fmt.Errorf("%w: kind %d, via %d", ErrRecord, h.Kind, h.Via)
	}
	return nil
}

func (h *Hit) setInt(num, v uint64) {
	signed := int64(v>>1) ^ -int64(v&1)
	switch num {
	case fSite:
		h.Site = SiteID(signed)
	case fClientID:
		h.ClientID = v
	case fTS:
		h.TS = signed
	case fReceivedAt:
		h.ReceivedAt = signed
	case fDay:
		h.Day = Day(signed)
	case fKind:
		h.Kind = Kind(min(v, 255))
	case fVisitor:
		h.Visitor = signed
	case fMidnightKey:
		h.MidnightKey = signed
	case fInteractive:
		h.Interactive = v != 0
	case fEngagedMS:
		h.EngagedMS = int64(v) + Absent
	case fScrollDepth:
		h.ScrollDepth = int32(v) + Absent
	case fRevenueMilli:
		h.RevenueMilli = signed
	case fVitalMicro:
		h.VitalMicro = signed
	case fVia:
		h.Via = Via(min(v, 255))
	case fImport:
		h.Import = ImportID(signed)
	case fImportPos:
		h.ImportPos = signed
	}
}

func (h *Hit) setText(num uint64, s string) error {
	if num == fProp {
		k, n := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
		if n <= 0 || k > uint64(len(s)-n) {
			return fmt.Errorf("%w: property key runs over the end", ErrRecord)
		}
		key, value := s[n:n+int(k)], s[n+int(k):]
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("%w: property is not UTF-8", ErrRecord)
		}
		h.Props = append(h.Props, Prop{Key: key, Value: value})
		return nil
	}
	if f := h.stringField(num); f != nil {
		// DuckDB refuses invalid UTF-8: such a record is poison and must be told apart here.
		if !utf8.ValidString(s) {
			return fmt.Errorf("%w: field %d is not UTF-8", ErrRecord, num)
		}
		*f = s
	}
	return nil
}
