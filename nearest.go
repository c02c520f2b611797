package hitkeep

import "strings"

// Nearest returns the candidate that a mistyped word was probably meant to be: the one with the
// least edit distance, "" if all are far.
func Nearest(word string, candidates []string) string {
	best, at := "", 1+max(2, len(word)/3)
	for _, c := range candidates {
		d := editDistance(strings.ToLower(word), c)
		if len(c) > 4 && strings.HasPrefix(word, c) {
			d = min(d, 2) // country_name means country
		}
		if d < at {
			best, at = c, d
		}
	}
	return best
}

// editDistance is the Levenshtein distance of short strings in bytes; long ones are all far.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
