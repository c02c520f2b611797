// Generated from api/openapi.yaml by `npm run gen`. Do not edit.
export interface paths {
    "/api/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this server is and who is signed in */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create the owner and the first site with the one-time token */
        post: operations["setup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Limited per account and address; 429 carries Retry-After.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out; also without a valid login */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signed-in user */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the own password; ends all other login sessions */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user's login sessions */
        get: operations["listLogins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logins/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of the user's login sessions at once */
        delete: operations["deleteLogin"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The sites that the caller may see
         * @description Token scope stats:read or sites:manage.
         */
        get: operations["listSites"];
        put?: never;
        /**
         * Add a site
         * @description Instance owners and admins; token scope sites:manage, not bound to a site.
         */
        post: operations["createSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sites/{site}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        /**
         * One site
         * @description Site role viewer; token scope stats:read or sites:manage.
         */
        get: operations["getSite"];
        put?: never;
        post?: never;
        /**
         * Delete a site with all its hits
         * @description Site role owner; token scope sites:manage of an owner.
         */
        delete: operations["deleteSite"];
        options?: never;
        head?: never;
        /**
         * Change a site; fields that are left out stay
         * @description Site role admin; token scope sites:manage.
         */
        patch: operations["updateSite"];
        trace?: never;
    };
    "/api/sites/{site}/install": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        /**
         * Whether hits arrive, and why one may be missing
         * @description Site role viewer; token scope stats:read or sites:manage.
         */
        get: operations["siteInstall"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sites/{site}/live": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        /**
         * Live events of a site (server-sent events)
         * @description Site role viewer; token scope stats:read. `event: current`, data `{"visitors":3}`, at
         *     connect and when it changes. `event: hits`, data `{"stored":12}`, when newly stored hits
         *     became visible, at most once a second. `event: first`, data `{}`, when the site's first
         *     hit arrived. A comment every 15 s keeps the connection open. The stream ends at logout.
         */
        get: operations["siteLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sites/{site}/members": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        /**
         * Who may use the site
         * @description Site role admin.
         */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sites/{site}/members/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Give a user a role on the site
         * @description Site role admin; only owners make and change owners.
         */
        put: operations["setMember"];
        post?: never;
        /** Take a user's role on the site away */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All accounts
         * @description Instance owners and admins.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Add an account
         * @description Instance owners and admins; only owners make owners.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete an account with its memberships, tokens and login sessions
         * @description Instance owners and admins; only owners delete owners, and never the last one.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user's API tokens; for instance owners and admins, all of them */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make an API token
         * @description A token never has more rights than the user who made it has at the time of use.
         *     stats:read needs the site role viewer, events:write editor, sites:manage admin. Without a
         *     site, events:write, sites:manage and sql are for instance owners and admins.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an API token at once */
        delete: operations["deleteToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for numbers (the form of Plausible's Stats API v2)
         * @description Site role viewer; token scope stats:read.
         *
         *     Names of `date_range`, in the report's time zone: `day` today, the whole day. `24h` the 24
         *     hours before now. `realtime` the last 5 minutes, `realtime_30m` the last 30. `7d` `28d`
         *     `30d` `91d` that many whole days before today, without today. `month` since the first of
         *     this month and `year` since 1 January, both through today. `6mo` `12mo` that many whole
         *     months before this month. `all` from the day of the first hit through today. An array of two dates includes both days; of two
         *     date-times, the second given last. A date-time without an offset is in the report's zone.
         *
         *     Comparison: `previous_period` is the same number of days directly before (of exact time for
         *     24h, realtime and date-times). Where the range is still running, both sides end at the same
         *     local time of day: today until 10:16 compares with yesterday until 10:16.
         *     `year_over_year` is the same dates one year earlier, 29 February as 28 February. `custom`
         *     is `date_range`. Rows of time series are paired by position, others by their dimensions.
         *
         *     A bucket without data has no row in `results`, except where its comparison has one. Hour
         *     and minute labels are local times: where clocks go back, a label stands for two buckets, in
         *     order of time, and a day has 25 hours; `time_label_result_indices` tells them apart. Weeks
         *     begin on Monday.
         */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            /** @description A sentence for people */
            error: string;
            /** @enum {string} */
            code: "invalid" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "rate_limited" | "too_large" | "unavailable" | "internal";
            /** @description The input that is meant, such as `email` or `filters[0][1]` */
            field?: string;
            /** @description What to do */
            hint?: string;
            /** @description The request's id in the server's log */
            id: string;
        };
        /** @enum {string} */
        InstanceRole: "owner" | "admin" | "user";
        /** @enum {string} */
        SiteRole: "owner" | "admin" | "editor" | "viewer";
        User: {
            id: string;
            email: string;
            name: string;
            role: components["schemas"]["InstanceRole"];
            /** Format: date-time */
            created_at?: string;
        };
        Status: {
            /** @enum {string} */
            state: "setup" | "ready";
            version: string;
            demo: boolean;
            /** @description Plain http away from localhost; passwords can be read on the way */
            insecure: boolean;
            user: components["schemas"]["User"] | null;
            public_url: string | null;
            /** @description For signed-in users; empty for others */
            notices: components["schemas"]["Notice"][];
            /** @description In demo mode only */
            demo_login?: {
                email: string;
                password: string;
            };
        };
        Notice: {
            code: string;
            /** @enum {string} */
            level: "info" | "warn" | "error";
            message: string;
            /** @description The line to add to the configuration or the command to run */
            fix?: string;
        };
        SetupRequest: {
            token: string;
            email: string;
            password: string;
            name?: string;
            domain: string;
            /** @description IANA name */
            timezone: string;
        };
        LoginRequest: {
            email: string;
            password: string;
        };
        PasswordRequest: {
            current: string;
            password: string;
        };
        Login: {
            id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_seen_at: string;
            browser: string;
            os: string;
            current: boolean;
        };
        Site: {
            id: string;
            domain: string;
            name: string;
            timezone: string;
            role: components["schemas"]["SiteRole"];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            first_hit_at: string | null;
            honor_dnt: boolean;
            hosts: string[];
            snippet: string;
        };
        SiteCreate: {
            domain: string;
            timezone: string;
        };
        SitePatch: {
            domain?: string;
            timezone?: string;
            honor_dnt?: boolean;
            hosts?: string[];
        };
        Install: {
            /** Format: date-time */
            first_hit_at: string | null;
            recent: components["schemas"]["Outcome"][];
        };
        Outcome: {
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            outcome: "stored" | "ignored" | "refused" | "bot";
            reason: string;
            hostname: string;
        };
        Member: {
            user: {
                id: string;
                email: string;
                name: string;
            };
            role: components["schemas"]["SiteRole"];
        };
        UserCreate: {
            email: string;
            role: components["schemas"]["InstanceRole"];
            password: string;
            name?: string;
        };
        /** @enum {string} */
        Scope: "stats:read" | "events:write" | "sites:manage" | "sql";
        Token: {
            id: string;
            name: string;
            scopes: components["schemas"]["Scope"][];
            /** @description Null is all present and future sites */
            site: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string | null;
            /** Format: date-time */
            last_used_at: string | null;
            prefix: string;
        };
        TokenCreated: components["schemas"]["Token"] & {
            token: string;
        };
        TokenCreate: {
            name: string;
            scopes: components["schemas"]["Scope"][];
            site?: string | null;
            /** Format: date-time */
            expires_at?: string | null;
        };
        /** @enum {string} */
        Metric: "visitors" | "visits" | "pageviews" | "events" | "views_per_visit" | "bounce_rate" | "visit_duration" | "percentage" | "exit_rate" | "engaged_time" | "scroll_depth" | "time_on_page";
        /**
         * @description `event:page` `event:hostname` `event:name` `event:props:KEY`, `visit:entry_page`
         *     `visit:exit_page` `visit:source` `visit:referrer` `visit:channel` `visit:utm_source`
         *     `visit:utm_medium` `visit:utm_campaign` `visit:utm_term` `visit:utm_content`
         *     `visit:country` `visit:region` `visit:city` `visit:device` `visit:browser`
         *     `visit:browser_version` `visit:os` `visit:os_version` `visit:screen` `visit:language`, and
         *     `time` (a fitting interval) `time:minute` `time:hour` `time:day` `time:week` `time:month`.
         *     A missing value is "(not set)", no source is "Direct / None".
         */
        Dimension: string;
        DateRange: ("day" | "24h" | "7d" | "28d" | "30d" | "91d" | "month" | "6mo" | "12mo" | "year" | "all" | "realtime" | "realtime_30m") | components["schemas"]["DatePair"];
        DatePair: [
            string,
            string
        ];
        /**
         * @description `[operator, dimension, [value, ...]]` with operator is, is_not, contains, contains_not,
         *     matches, matches_not (RE2), matches_wildcard, matches_wildcard_not (`*` within a path
         *     segment, `**` across); a fourth element `{"case_sensitive": false}` is possible with is and
         *     contains. `["and"|"or", [filter, ...]]`, `["not", filter]`,
         *     `["has_done"|"has_not_done", filter]`. The list of filters is joined by and.
         */
        Filter: unknown[];
        OrderBy: [
            string,
            "asc" | "desc"
        ];
        Include: {
            /** @default false */
            time_labels: boolean;
            /** @default false */
            total_rows: boolean;
            /**
             * @description Accepted; imported hits always count
             * @default false
             */
            imports: boolean;
            comparisons?: components["schemas"]["Comparisons"];
        };
        Comparisons: {
            /** @enum {string} */
            mode: "previous_period" | "year_over_year" | "custom";
            date_range?: components["schemas"]["DatePair"];
        };
        Pagination: {
            /** @default 10000 */
            limit: number;
            /** @default 0 */
            offset: number;
        };
        QueryRequest: {
            /** @description Domain or id */
            site_id: string;
            metrics: components["schemas"]["Metric"][];
            date_range: components["schemas"]["DateRange"];
            dimensions?: components["schemas"]["Dimension"][];
            filters?: components["schemas"]["Filter"][];
            order_by?: components["schemas"]["OrderBy"][];
            include?: components["schemas"]["Include"];
            pagination?: components["schemas"]["Pagination"];
            /** @description IANA name; the site's by default */
            timezone?: string;
        };
        QueryResponse: {
            results: components["schemas"]["QueryRow"][];
            meta: components["schemas"]["QueryMeta"];
            query: components["schemas"]["QueryEcho"];
        };
        QueryRow: {
            dimensions: string[];
            /** @description Null is a ratio over nothing */
            metrics: (number | null)[];
            comparison?: {
                dimensions: string[];
                metrics: (number | null)[];
                /**
                 * @description Percent; percentage points for bounce_rate, exit_rate, percentage and
                 *     scroll_depth; null where the base is null or 0
                 */
                change: (number | null)[];
            };
        };
        QueryMeta: {
            /** @description With include.time_labels, every bucket of the range, also those after now */
            time_labels?: string[];
            /** @description For each label the index of its row in results, or null; when time is the only dimension */
            time_label_result_indices?: (number | null)[];
            /** @description With include.time_labels and a comparison, the buckets of the comparison by position */
            comparison_time_labels?: string[];
            /** @description Index of the label whose bucket is running now; those after it lie in the future */
            partial_from?: number;
            /** @description With include.total_rows */
            total_rows?: number;
            /**
             * Format: date
             * @description Local day of the site's earliest hit
             */
            data_from?: string | null;
            /** @description With include.imports */
            imports_included?: boolean;
            /** @description Parts of the data that could not be read */
            warnings?: string[];
        };
        QueryEcho: {
            site_id: string;
            metrics: components["schemas"]["Metric"][];
            date_range: components["schemas"]["DatePair"];
            comparison_date_range?: components["schemas"]["DatePair"];
            dimensions: string[];
            filters: components["schemas"]["Filter"][];
            order_by: components["schemas"]["OrderBy"][];
            include: components["schemas"]["Include"];
            pagination: components["schemas"]["Pagination"];
            timezone: string;
        };
    };
    responses: {
        /** @description What went wrong */
        Error: {
            headers: {
                /** @description Seconds; with 429 and 503 */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description Id or domain */
        Site: string;
        User: string;
        Id: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the server */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetupRequest"];
            };
        };
        responses: {
            /** @description Created, and signed in by the cookie of this answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user: components["schemas"]["User"];
                        site: components["schemas"]["Site"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description Signed in by the cookie of this answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user: components["schemas"]["User"];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            /** @description Changed; the answer carries a new login cookie */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    listLogins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest use first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Login"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteLogin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    listSites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By domain */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createSite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteCreate"];
            };
        };
        responses: {
            /** @description Added */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The site */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    updateSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SitePatch"];
            };
        };
        responses: {
            /** @description The changed site */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    siteInstall: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The latest outcomes, newest first, at most 20 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Install"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    siteLive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream without end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By e-mail address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    setMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    role: components["schemas"]["SiteRole"];
                };
            };
        };
        responses: {
            /** @description The member */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or domain */
                site: components["parameters"]["Site"];
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    listUsers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By e-mail address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserCreate"];
            };
        };
        responses: {
            /** @description Added */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenCreate"];
            };
        };
        responses: {
            /** @description The token with its secret, which is shown this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenCreated"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryRequest"];
            };
        };
        responses: {
            /** @description The rows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
