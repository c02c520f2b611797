package lake

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hitkeep"
)

//go:embed query/sql_functions.txt
var sqlFunctions string

const maxSQL = 100_000 // bytes of text

// checkSQL lets only harmless SELECT statements through. It walks the tree that DuckDB's parser
// made of the text, and refuses every kind of node, table and function that it does not know:
//
//  1. exactly one statement, and it is a SELECT;
//  2. tables are hits, visits or names that the query itself gives (WITH);
//  3. table functions are range, generate_series and unnest;
//  4. functions are those of query/sql_functions.txt;
//  5. no parameters, no catalog or schema names.
//
// stitched reports whether the query may look at hits.visit_id: making it costs a pass.
func (s *snapshot) checkSQL(ctx context.Context, text string) (stitched bool, err error) {
	if len(text) > maxSQL {
		return false, hitkeep.BadField("sql", "is longer than %d bytes", maxSQL)
	}
	var tree string
	if err := s.conn.QueryRowContext(ctx, "SELECT json_serialize_sql($text::VARCHAR)::VARCHAR", sql.Named("text", text)).Scan(&tree); err != nil {
		return false, sqlError(ctx, err)
	}
	var parsed struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	dec := json.NewDecoder(strings.NewReader(tree))
	dec.UseNumber()
	if err := dec.Decode(&parsed); err != nil {
		return false, fmt.Errorf("read sql tree: %w", err)
	}
	if parsed.Error {
		if strings.Contains(strings.ToUpper(parsed.Message), "ONLY SELECT") {
			return false, readOnly()
		}
		return false, hitkeep.BadField("sql", "%s", parsed.Message)
	}
	if len(parsed.Statements) != 1 {
		return false, hitkeep.BadField("sql", "holds %d statements", len(parsed.Statements)).WithHint("send one SELECT statement")
	}
	w := &sqlWalk{ctes: map[string]bool{}, reserved: map[string]bool{}, aliases: map[string]bool{"hits": true}}
	if err := w.reserve(ctx, s.conn); err != nil {
		return false, err
	}
	w.names(parsed.Statements)
	err = w.node(parsed.Statements, "")
	return w.stitched(), err
}

func readOnly() *hitkeep.Error {
	return hitkeep.BadField("sql", "is not a SELECT statement").WithHint("hitkeep sql reads only")
}

// sqlWalk is one pass over a tree.
type sqlWalk struct {
	ctes     map[string]bool // names given by WITH
	reserved map[string]bool // names of the system's own views
	aliases  map[string]bool // names that stand for whole rows
	columns  []string        // last parts of all column references
	star     bool
}

// reserve reads the names that a table may have without a schema. A WITH of the same name would
// lend it to a place where it means the system's view.
func (w *sqlWalk) reserve(ctx context.Context, c *sql.Conn) error {
	rows, err := c.QueryContext(ctx, `SELECT lower(view_name)
FROM duckdb_views()
WHERE database_name IN ('system', 'temp', 'memory')
UNION
SELECT lower(table_name)
FROM duckdb_tables()
WHERE database_name IN ('system', 'temp', 'memory')`)
	if err != nil {
		return fmt.Errorf("read catalog: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("read catalog: %w", err)
		}
		w.reserved[name] = true
	}
	return rows.Err()
}

// names collects what WITH clauses and aliases define, before any use is judged.
func (w *sqlWalk) names(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			w.names(e)
		}
	case map[string]any:
		if cte, ok := v["cte_map"].(map[string]any); ok {
			list, _ := cte["map"].([]any)
			for _, e := range list {
				if m, ok := e.(map[string]any); ok {
					w.ctes[strings.ToLower(fmt.Sprint(m["key"]))] = true
				}
			}
		}
		if name, ok := v["cte_name"].(string); ok {
			w.ctes[strings.ToLower(name)] = true
		}
		if alias, ok := v["alias"].(string); ok && alias != "" && v["class"] == nil {
			w.aliases[strings.ToLower(alias)] = true
		}
		for _, e := range v {
			w.names(e)
		}
	}
}

// stitched errs on the side of yes.
func (w *sqlWalk) stitched() bool {
	return w.star || slices.ContainsFunc(w.columns, func(c string) bool {
		return c == "visit_id" || w.aliases[c] || w.ctes[c]
	})
}

// A name that DuckDB could take for a file or a system view is no name for a WITH.
var cteName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// The kinds of nodes that pass: expressions have a class, queries, tables and modifiers a type.
var (
	sqlClasses = strings.Fields("COLUMN_REF CONSTANT FUNCTION WINDOW CAST OPERATOR COMPARISON CONJUNCTION CASE BETWEEN STAR SUBQUERY COLLATE LAMBDA LAMBDA_REF POSITIONAL_REFERENCE")
	sqlTypes   = strings.Fields("SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE JOIN SUBQUERY TABLE_FUNCTION EXPRESSION_LIST EMPTY EMPTY_FROM ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING")
	sqlTables  = []string{"hits", "visits"}
	// Table functions that make rows out of nothing but their arguments.
	sqlTableFunctions = []string{"range", "generate_series", "unnest"}
)

// node judges v and all below it. in is the kind of the node around a function.
func (w *sqlWalk) node(v any, in string) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := w.node(e, in); err != nil {
				return err
			}
		}
	case map[string]any:
		return w.object(v, in)
	}
	return nil
}

func (w *sqlWalk) object(m map[string]any, in string) error {
	class, _ := m["class"].(string)
	kind, typed := m["type"].(string)
	switch {
	case class == "PARAMETER":
		return hitkeep.BadField("sql", "holds a parameter").WithHint("write the value itself")
	case class != "" && !slices.Contains(sqlClasses, class):
		return refused(class)
	case class == "" && typed && !slices.Contains(sqlTypes, kind) && !strings.HasSuffix(kind, "_TYPE_INFO"):
		return refused(kind)
	}
	for _, part := range []string{"catalog", "catalog_name", "schema", "schema_name"} {
		// The parser itself writes main for what it makes of [..] and {..}.
		if s, ok := m[part].(string); ok && s != "" && !(part == "schema" && s == "main") {
			return hitkeep.BadField("sql", "names the schema or catalog %q", s).WithHint("there are the tables hits and visits")
		}
	}
	if m["at_clause"] != nil {
		return refused("AT")
	}
	if err := w.meaning(m, class, kind, in); err != nil || class == "CONSTANT" {
		return err
	}
	for key, e := range m {
		around := ""
		if class == "" && kind == "TABLE_FUNCTION" && key == "function" {
			around = kind
		}
		if err := w.node(e, around); err != nil {
			return err
		}
	}
	return nil
}

// meaning judges what a node names.
func (w *sqlWalk) meaning(m map[string]any, class, kind, in string) error {
	if cte, ok := m["cte_map"].(map[string]any); ok {
		list, _ := cte["map"].([]any)
		for _, e := range list {
			entry, _ := e.(map[string]any)
			name := fmt.Sprint(entry["key"])
			if lower := strings.ToLower(name); !cteName.MatchString(name) || w.reserved[lower] || slices.Contains(sqlTables, lower) {
				return hitkeep.BadField("sql", "%q is no name for a WITH", name)
			}
		}
	}
	if name, ok := m["function_name"].(string); ok {
		return w.function(strings.ToLower(name), in)
	}
	switch {
	case class == "" && kind == "BASE_TABLE":
		name, _ := m["table_name"].(string)
		if lower := strings.ToLower(name); !slices.Contains(sqlTables, lower) && !w.ctes[lower] {
			return hitkeep.BadField("sql", "there is no table %q", name).WithHint("there are the tables hits and visits")
		}
	case class == "STAR":
		w.star = true
	case class == "COLUMN_REF":
		if names, _ := m["column_names"].([]any); len(names) > 0 {
			w.columns = append(w.columns, strings.ToLower(fmt.Sprint(names[len(names)-1])))
		}
	}
	return nil
}

func (w *sqlWalk) function(name, in string) error {
	if in == "TABLE_FUNCTION" {
		if !slices.Contains(sqlTableFunctions, name) {
			return hitkeep.BadField("sql", "the table function %s is not available", name)
		}
		return nil
	}
	if !allowedFunction(name) {
		return hitkeep.BadField("sql", "the function %s is not available", name)
	}
	return nil
}

func allowedFunction(name string) bool {
	for line := range strings.Lines(sqlFunctions) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for f := range strings.FieldsSeq(line) {
			if strings.EqualFold(f, name) {
				return true
			}
		}
	}
	return false
}

func refused(what string) error {
	return hitkeep.BadField("sql", "%s is not available", strings.ToLower(strings.ReplaceAll(what, "_", " ")))
}
