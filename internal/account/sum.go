package account

import "math"

// Plus adds d to sum. What is too much for an int64 leaves it at the greatest or
// the least number there is: a million goroutines that wait for three hours have
// more nanoseconds than fit in, and a sum must not turn negative.
func Plus[T ~int64](sum *T, d T) { *sum = Sum(*sum, d) }

// Sum returns a + b, as far as that fits in.
func Sum[T ~int64](a, b T) T {
	switch sum := a + b; {
	case b > 0 && sum < a:
		return math.MaxInt64
	case b < 0 && sum > a:
		return math.MinInt64
	default:
		return sum
	}
}

// PlusUnsigned adds d to sum as Plus does, bytes for example.
func PlusUnsigned(sum *uint64, d uint64) {
	if *sum += d; *sum < d {
		*sum = math.MaxUint64
	}
}
