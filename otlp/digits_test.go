package otlp

import (
	"encoding/hex"
	"math"
	"strconv"
	"testing"
)

func TestDigits(t *testing.T) {
	var clock jsonTime
	numbers := []uint64{0, 9, 10, 99, 100, perSecond - 1, perSecond, 1_700_000_000_000_000_001, math.MaxInt64, math.MaxUint64}
	for v := uint64(1); v < math.MaxUint64/3; v *= 3 {
		numbers = append(numbers, v-1, v, v+1)
	}
	for p := uint64(1); p <= 1e19/10; p *= 10 {
		numbers = append(numbers, 10*p-1, 10*p, 10*p+1)
	}
	for _, v := range numbers {
		want := "x" + strconv.FormatUint(v, 10)
		if got := string(appendUint([]byte("x"), v)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := string(clock.append([]byte("x"), v)); got != want {
			t.Errorf("as a time: got %s, want %s", got, want)
		}
		i := int64(v)
		if got, want := string(appendInt(nil, i)), strconv.FormatInt(i, 10); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := string(appendInt(nil, -i)), strconv.FormatInt(-i, 10); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		id := traceID{byte(v), byte(v >> 8), 15: byte(v >> 56)}
		if got, want := string(appendHex(nil, id[:])), hex.EncodeToString(id[:]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
