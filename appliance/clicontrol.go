package appliance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"hitkeep"
)

// admin connects, runs f and closes; the first error wins.
func (c *call) admin(ctx context.Context, f func(*adminClient) error) error {
	client, err := connect(ctx, c.cfg)
	if err != nil {
		return err
	}
	err = f(client)
	if cerr := client.close(); err == nil {
		err = cerr
	}
	return err
}

// ask sends one request and decodes the answer.
func (c *call) ask(ctx context.Context, method, path string, in, out any) error {
	return c.admin(ctx, func(a *adminClient) error { return a.call(ctx, method, path, in, out) })
}

func (c *call) required(names ...string) error {
	for _, n := range names {
		if *c.opt[n] == "" {
			return usagef("--%s is missing: %s", n, flagHelp[n])
		}
	}
	return nil
}

func runUserAdd(ctx context.Context, c *call) error {
	if err := c.required("email", "role"); err != nil {
		return err
	}
	return c.putUser(ctx, "/users", "added")
}

func runUserReset(ctx context.Context, c *call) error {
	if err := c.required("email"); err != nil {
		return err
	}
	return c.putUser(ctx, "/users/reset-password", "has a new password")
}

func (c *call) putUser(ctx context.Context, path, done string) error {
	password, err := c.password()
	if err != nil {
		return err
	}
	in := userRequest{Email: *c.opt["email"], Password: password}
	if role := c.opt["role"]; role != nil {
		in.Role = *role
	}
	var u userAnswer
	if err := c.ask(ctx, http.MethodPost, path, in, &u); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(u)
	}
	fmt.Fprintf(c.stdout, "%s %s (%s)\n", u.Email, done, u.Role)
	if u.Password != "" {
		fmt.Fprintf(c.stdout, "password: %s\n", u.Password)
	}
	return nil
}

func runUserList(ctx context.Context, c *call) error {
	var users []userAnswer
	if err := c.ask(ctx, http.MethodGet, "/users", nil, &users); err != nil {
		return err
	}
	return c.list(users, func(t io.Writer) {
		for _, u := range users {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Role, u.CreatedAt.Format("2006-01-02"))
		}
	})
}

func runSiteAdd(ctx context.Context, c *call) error {
	var s hitkeep.Site
	in := siteRequest{Domain: c.args[0], Timezone: *c.opt["timezone"], Team: *c.opt["team"]}
	if err := c.ask(ctx, http.MethodPost, "/sites", in, &s); err != nil {
		return err
	}
	return c.printSite(&s, "added")
}

func runSiteRename(ctx context.Context, c *call) error {
	var s hitkeep.Site
	if err := c.ask(ctx, http.MethodPost, "/sites/rename", siteRequest{Domain: c.args[0], New: c.args[1]}, &s); err != nil {
		return err
	}
	return c.printSite(&s, "renamed")
}

func runSiteDelete(ctx context.Context, c *call) error {
	var s hitkeep.Site
	if err := c.ask(ctx, http.MethodPost, "/sites/delete", siteRequest{Domain: c.args[0]}, &s); err != nil {
		return err
	}
	return c.printSite(&s, "deleted; its Parquet files stay until you remove them")
}

func (c *call) printSite(s *hitkeep.Site, done string) error {
	if c.json {
		return c.printJSON(s)
	}
	_, err := fmt.Fprintf(c.stdout, "site %s %s (id %s, time zone %s)\n", s.Domain, done, s.ID, s.Timezone)
	return err
}

func runSiteList(ctx context.Context, c *call) error {
	var sites []hitkeep.Site
	if err := c.ask(ctx, http.MethodGet, "/sites", nil, &sites); err != nil {
		return err
	}
	return c.list(sites, func(t io.Writer) {
		for _, s := range sites {
			fmt.Fprintf(t, "%s\t%s\t%s\n", s.ID, s.Domain, s.Timezone)
		}
	})
}

func runTokenAdd(ctx context.Context, c *call) error {
	if err := c.required("name", "scope"); err != nil {
		return err
	}
	in := tokenRequest{Name: *c.opt["name"], Site: *c.opt["site"]}
	for _, s := range strings.Split(*c.opt["scope"], ",") {
		in.Scopes = append(in.Scopes, strings.TrimSpace(s))
	}
	var t tokenAnswer
	if err := c.ask(ctx, http.MethodPost, "/tokens", in, &t); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(t)
	}
	where := "all sites of the team"
	if t.Site != "" {
		where = t.Site
	}
	_, err := fmt.Fprintf(c.stdout, "token %q (id %s) for %s, scopes %s; it is shown only now:\n%s\n",
		t.Name, t.ID, where, strings.Join(t.Scopes, ", "), t.Token)
	return err
}

func runTokenList(ctx context.Context, c *call) error {
	var tokens []tokenAnswer
	if err := c.ask(ctx, http.MethodGet, "/tokens", nil, &tokens); err != nil {
		return err
	}
	return c.list(tokens, func(t io.Writer) {
		for _, k := range tokens {
			site := k.Site
			if site == "" {
				site = "all sites"
			}
			fmt.Fprintf(t, "%s\t%s\t%s...\t%s\t%s\n", k.ID, k.Name, k.Prefix, strings.Join(k.Scopes, ","), site)
		}
	})
}

func runTokenRevoke(ctx context.Context, c *call) error {
	var id hitkeep.TokenID
	if err := id.UnmarshalText([]byte(c.args[0])); err != nil {
		return err
	}
	if err := c.ask(ctx, http.MethodPost, "/tokens/revoke", tokenRequest{ID: id}, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.stdout, "token", id, "revoked")
	return err
}
