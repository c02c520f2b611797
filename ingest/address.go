package ingest

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddr returns the visitor's address: the connection's peer, or what a trusted proxy says
// in X-Forwarded-For (else Forwarded). It is not valid where the peer has no IP address.
func (s *Service) clientAddr(r *http.Request) netip.Addr {
	peer := peerAddr(r.RemoteAddr)
	if !s.trusted(peer) {
		if s.o.UntrustedForwarded != nil && nearby(peer) && forwarded(r) {
			s.warnForwarded.Do(func() { s.o.UntrustedForwarded(peer) })
		}
		return peer
	}
	return s.forwardedAddr(r, peer)
}

// nearby says whether a peer can be the operator's own proxy. A header from elsewhere is some
// visitor's invention: it must not end up as advice to trust that address.
func nearby(peer netip.Addr) bool {
	return peer.IsLoopback() || peer.IsPrivate() || peer.IsLinkLocalUnicast()
}

func forwarded(r *http.Request) bool {
	return r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
}

func peerAddr(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func (s *Service) trusted(a netip.Addr) bool {
	for _, p := range s.o.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwardedAddr walks the chain from the right, where our own proxies wrote, to the first
// address that is not one of them. Everything left of it is the client's own claim.
func (s *Service) forwardedAddr(r *http.Request, peer netip.Addr) netip.Addr {
	chain := r.Header.Values("X-Forwarded-For")
	element := func(e string) string { return e }
	if len(chain) == 0 {
		chain, element = r.Header.Values("Forwarded"), forwardedFor
	}
	last := peer
	for i := len(chain) - 1; i >= 0; i-- {
		list := strings.Split(chain[i], ",")
		for k := len(list) - 1; k >= 0; k-- {
			a, ok := parseAddr(element(list[k]))
			if !ok {
				return last
			}
			if last = a; !s.trusted(a) {
				return a
			}
		}
	}
	return last
}

// forwardedFor takes for= out of one element of a Forwarded header (RFC 7239).
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(key, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// parseAddr reads an address with or without port, brackets and zone.
func parseAddr(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		var ap netip.AddrPort
		ap, err = netip.ParseAddrPort(s)
		a = ap.Addr()
	}
	return a.Unmap().WithZone(""), err == nil
}
