package e2etest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// TestVerdict: the comparison itself must see what it is there to see.
func TestVerdict(t *testing.T) {
	l := NewLoad(nil, "x.example", rand.New(rand.NewPCG(1, 1)))
	l.fresh(4, false)
	l.ack([]int{0, 1, 2})
	row := func(path, n string) map[string]any { return map[string]any{"path": path, "n": json.Number(n)} }
	for _, c := range []struct {
		name                 string
		rows                 []map[string]any
		lost, doubled, alien int
	}{
		{"all well, one unacknowledged stored", []map[string]any{row("/h/0", "1"), row("/h/1", "1"), row("/h/2", "1"), row("/h/3", "1")}, 0, 0, 0},
		{"one lost", []map[string]any{row("/h/0", "1"), row("/h/2", "1")}, 1, 0, 0},
		{"one twice", []map[string]any{row("/h/0", "1"), row("/h/1", "2"), row("/h/2", "1")}, 0, 1, 0},
		{"unacknowledged twice", []map[string]any{row("/h/0", "1"), row("/h/1", "1"), row("/h/2", "1"), row("/h/3", "2")}, 0, 1, 0},
		{"never sent", []map[string]any{row("/h/0", "1"), row("/h/1", "1"), row("/h/2", "1"), row("/h/9", "1"), row("/x", "1")}, 0, 0, 2},
		{"nothing stored", nil, 3, 0, 0},
	} {
		v := l.compare(c.rows)
		if len(v.Lost) != c.lost || len(v.Doubled) != c.doubled || len(v.Alien) != c.alien {
			t.Errorf("%s: %s", c.name, v)
		}
	}
}
