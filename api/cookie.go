package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Names of the login cookie. The first binds it to this host and to secure transport.
const (
	secureCookie = "__Host-hk"
	plainCookie  = "hk"
)

// safeTransport says whether the login cookie can be Secure: the browser reaches us by https,
// or on its own machine.
func (a *API) safeTransport(r *http.Request) bool {
	return strings.HasPrefix(a.o.PublicURL, "https://") || a.scheme(r) == "https" || isLocalhost(r.Host)
}

// scheme is what the browser used, as far as it can be known.
func (a *API) scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	if a.trusted(peer(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https"
	}
	return "http"
}

func isLocalhost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func (a *API) cookieName(r *http.Request) string {
	if a.safeTransport(r) {
		return secureCookie
	}
	return plainCookie
}

func (a *API) readCookie(r *http.Request) string {
	c, err := r.Cookie(a.cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *API) setCookie(w http.ResponseWriter, r *http.Request, value string) {
	a.writeCookie(w, r, value, int(loginIdle.Seconds()))
}

func (a *API) clearCookie(w http.ResponseWriter, r *http.Request) { a.writeCookie(w, r, "", -1) }

func (a *API) writeCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	w.Header().Del("Set-Cookie") // there is one cookie; the last word counts
	http.SetCookie(w, &http.Cookie{Name: a.cookieName(r), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: a.safeTransport(r), SameSite: http.SameSiteLaxMode})
}

// peer is the address of the other end of the connection.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a Unix socket, for one
	}
	return ap.Addr().Unmap()
}

func (a *API) trusted(ip netip.Addr) bool {
	for _, p := range a.o.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// client is the address that a request came from: the peer's, or what trusted proxies say,
// read from the nearest one. It is used for limits in memory and written nowhere.
func (a *API) client(r *http.Request) netip.Addr {
	ip := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusted(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = next.Unmap()
	}
	return ip
}
