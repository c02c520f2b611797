package appliance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readLog(t *testing.T, path string) (*controlLog, []string, error) {
	t.Helper()
	var got []string
	l, err := openControlLog(path, func(seq int64, b []byte) error {
		if seq != int64(len(got)+1) {
			t.Errorf("sequence %d after %d commands", seq, len(got))
		}
		got = append(got, string(b))
		return nil
	})
	return l, got, err
}

func TestControlLogSurvivesATornTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "commands.log")
	l, _, err := readLog(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if seq, err := l.append(fmt.Appendf(nil, "command %d", i)); err != nil || seq != int64(i+1) {
			t.Fatal(seq, err)
		}
	}
	l.close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frame := len(whole) / 5
	for cut := range frame {
		if err := os.WriteFile(path, whole[:len(whole)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l, got, err := readLog(t, path)
		want := 5
		if cut > 0 {
			want = 4
		}
		if err != nil || len(got) != want {
			t.Fatalf("cut by %d bytes: %d commands, %v", cut, len(got), err)
		}
		if _, err := l.append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		l.close()
		if l, got, err = readLog(t, path); err != nil || len(got) != want+1 || got[want] != "next" {
			t.Fatalf("after the repair: %q, %v", got, err)
		}
		l.close()
	}
}

func TestControlLogRefusesDamageInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "commands.log")
	l, _, err := readLog(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := l.append([]byte("a command")); err != nil {
			t.Fatal(err)
		}
	}
	l.close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readLog(t, path); err == nil || !strings.Contains(err.Error(), "damaged at byte") {
		t.Fatalf("got %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, b) {
		t.Fatal("the damaged log was changed")
	}
}
