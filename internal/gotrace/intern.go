package gotrace

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A Frame is one function of a stack.
type Frame struct {
	Func string // fully qualified, as the runtime has it
	File string
	Line uint64
}

// An interner numbers stacks by their content: the same functions, files and
// lines, whatever generation they come from. It grows with the number of
// distinct stacks.
//
// Its tables are looked into for every stack of every generation, and for every
// frame of them that is not in recent.
type interner struct {
	texts    []string
	byText   map[string]uint32
	textNums []uint32 // by slot of the generation's strings: number + 1, or 0

	frames     []frame
	frameIndex index
	recent     recentFrames
	stacks     stackStore
	stackIndex index
	key        []uint32 // scratch
	seeds      [2]uint64
}

type frame struct {
	fn, file uint32
	line     uint64
}

func newInterner() *interner {
	return &interner{
		byText:     make(map[string]uint32),
		frameIndex: newIndex(),
		stacks:     newStackStore(),
		stackIndex: newIndex(),
		seeds:      [2]uint64{rand.Uint64(), rand.Uint64()},
	}
}

// fold mixes v into a hash. The seeds keep traces from being made to collide.
func (n *interner) fold(hash, v uint64) uint64 {
	hi, lo := bits.Mul64(hash^n.seeds[0], v^n.seeds[1])
	return hi ^ lo
}

// frame returns the number of f.
func (n *interner) frame(f frame) uint32 {
	h := uint32(n.fold(n.fold(0, uint64(f.fn)<<32|uint64(f.file)), f.line))
	for p := n.frameIndex.probe(h); ; p = n.frameIndex.next(p) {
		num := n.frameIndex.at(p)
		if num == 0 {
			n.frames = append(n.frames, f)
			n.frameIndex.add(p, h)
			return uint32(len(n.frames) - 1)
		}
		if n.frames[num-1] == f {
			return num - 1
		}
	}
}

// stackOf returns the number of the stack whose frames are in n.key.
func (n *interner) stackOf() uint32 {
	hash := uint64(0)
	for _, f := range n.key {
		hash = n.fold(hash, uint64(f))
	}
	h := uint32(hash)
	for p := n.stackIndex.probe(h); ; p = n.stackIndex.next(p) {
		num := n.stackIndex.at(p)
		if num == 0 {
			n.stackIndex.add(p, h)
			return n.stacks.add(n.key)
		}
		if slices.Equal(n.stacks.frames(num), n.key) {
			return num
		}
	}
}

// A stackStore has the numbers of the frames of all stacks: in blocks, since they
// are what grows. A stack is preceded by how many frames it has.
type stackStore struct {
	blocks [][]uint32
	places []uint32 // by number of a stack; [0] is of no stack
	room   int      // in the last block
}

// stackBlock is how many numbers are in a block: more than a stack has frames.
const stackBlock = 1 << 12

func newStackStore() stackStore { return stackStore{places: make([]uint32, 1)} }

// add adds a stack of maxFrames at most, and returns its number.
func (s *stackStore) add(frames []uint32) uint32 {
	if s.room <= len(frames) {
		s.blocks = append(s.blocks, make([]uint32, stackBlock))
		s.room = stackBlock
	}
	at := stackBlock - s.room
	last := len(s.blocks) - 1
	s.blocks[last][at] = uint32(len(frames))
	s.room -= 1 + copy(s.blocks[last][at+1:], frames)
	s.places = append(s.places, uint32(last*stackBlock+at))
	return uint32(len(s.places) - 1)
}

// frames returns the numbers of the frames of a stack.
func (s *stackStore) frames(stack uint32) []uint32 {
	at := s.places[stack]
	b := s.blocks[at/stackBlock][at%stackBlock:]
	return b[1:][:b[0]]
}

// recentFrames remembers what frames of the generation's stacks have been read:
// the same ones are on many. What it has is by their bytes but for the program
// counter, which does not matter.
type recentFrames struct {
	known [1 << 12]recentFrame
	used  bool
}

type recentFrame struct {
	bytes uint64
	num   uint32 // of the frame + 1, or 0
}

// forget makes it ready for the next generation, in which the same bytes are
// another frame.
func (r *recentFrames) forget() { r.used = false }

// at returns where the frame at off is remembered, or is to be, and how many
// bytes it has. They are 0 if it is longer than most are: it is not remembered.
func (r *recentFrames) at(b *chunk, off int) (at *recentFrame, size int) {
	const tops = 0x8080808080808080 // a number ends with a byte whose top bit is clear
	ends := ^b.eight(off) & tops
	counter := bits.TrailingZeros64(ends)/8 + 1
	w := b.eight(off + counter)
	third := ^w & tops
	third &= third - 1
	third &= third - 1
	if ends == 0 || third == 0 {
		return &r.known[0], 0
	}
	third ^= third - 1 // up to the end
	w &= third
	if !r.used {
		clear(r.known[:])
		r.used = true
	}
	at = &r.known[w*0x9e3779b97f4a7c15>>52]
	if at.bytes != w {
		*at = recentFrame{bytes: w}
	}
	return at, counter + bits.Len64(third)/8
}

// An index finds things numbered from 1 on by their hashes.
type index struct {
	nums   []uint32
	hashes []uint32 // by number; [0] is of nothing
}

func newIndex() index { return index{nums: make([]uint32, 1<<8), hashes: make([]uint32, 1)} }

// probe returns where the search for a hash begins, next where it goes on, and
// at what is there: a number to be looked at, or 0 at its end.
func (x *index) probe(hash uint32) uint32 { return hash & uint32(len(x.nums)-1) }
func (x *index) next(p uint32) uint32     { return (p + 1) & uint32(len(x.nums)-1) }
func (x *index) at(p uint32) uint32       { return x.nums[p] }

// add gives what has this hash, and was not found up to p, the next number.
func (x *index) add(p, hash uint32) {
	x.nums[p] = uint32(len(x.hashes))
	x.hashes = append(x.hashes, hash)
	if 2*len(x.hashes) < len(x.nums) {
		return
	}
	x.nums = make([]uint32, 2*len(x.nums))
	clear(x.nums) // as in goroutines.resize
	for num, h := range x.hashes[1:] {
		p := x.probe(h)
		for x.nums[p] != 0 {
			p = x.next(p)
		}
		x.nums[p] = uint32(num + 1)
	}
}

// begin forgets the strings of the generation before.
func (n *interner) begin(slots int) {
	n.recent.forget()
	if cap(n.textNums) < slots {
		n.textNums = make([]uint32, slots)
		return
	}
	n.textNums = n.textNums[:slots]
	clear(n.textNums)
}

// text returns the number of the string in a slot of g.
func (n *interner) text(g *generation, slot uint32) uint32 {
	if num := n.textNums[slot]; num != 0 {
		return num - 1
	}
	b := g.bytes(slot)
	num, ok := n.byText[string(b)]
	if !ok {
		num = uint32(len(n.texts))
		s := string(b)
		n.texts = append(n.texts, s)
		n.byText[s] = num
	}
	n.textNums[slot] = num + 1
	return num
}

// stack returns the number of the stack in a slot of g, but 0. It reports
// false if a string of a frame is not in g's table, and takes it as empty.
func (n *interner) stack(g *generation, slot uint32) (num uint32, ok bool) {
	at := g.stacks.place(slot)
	b := g.chunks[at.chunk()]
	s := scan{b: b[:], off: at.off()}
	ok = true
	n.key = n.key[:0]
	for range s.uvarint() {
		r, size := n.recent.at(b, s.off)
		if size > 0 && r.num != 0 {
			n.key = append(n.key, r.num-1)
			s.off += size
			continue
		}
		s.uvarint() // program counter
		fn, ok1 := g.strings.slot(s.uvarint())
		file, ok2 := g.strings.slot(s.uvarint())
		num := n.frame(frame{n.text(g, fn), n.text(g, file), s.uvarint()})
		n.key = append(n.key, num)
		if ok1 && ok2 && size > 0 {
			r.num = num + 1
		}
		ok = ok && ok1 && ok2
	}
	if len(n.key) == 0 {
		return 0, ok
	}
	return n.stackOf(), ok
}

// root returns the function at the root of a stack, which is not 0: "" if the
// runtime may have cut it off there.
func (n *interner) root(stack uint32) string {
	frames := n.stacks.frames(stack)
	if len(frames) >= maxFrames {
		return ""
	}
	return n.texts[n.frames[frames[len(frames)-1]].fn]
}

// appendFrames appends the frames of a stack, leaf first.
func (n *interner) appendFrames(to []Frame, stack uint32) []Frame {
	if stack == 0 {
		return to
	}
	for _, num := range n.stacks.frames(stack) {
		f := n.frames[num]
		to = append(to, Frame{Func: n.texts[f.fn], File: n.texts[f.file], Line: f.line})
	}
	return to
}

// A text is a string that has been read, and which slot of which generation
// it comes from.
type text struct {
	s    string
	slot uint32
	gen  uint32
}

// bytes returns the string in a slot, where it lies.
func (g *generation) bytes(slot uint32) []byte {
	if slot == 0 {
		return nil
	}
	at := g.strings.place(slot)
	s := scan{b: g.chunks[at.chunk()][:], off: at.off()}
	size := s.uvarint()
	return s.b[s.off:][:size]
}

// string returns what is in a slot of the generation's strings.
func (o *ordering) string(slot uint32) string {
	g := o.gen
	if !g.known[slot] {
		g.known[slot] = true
		g.texts[slot] = string(g.bytes(slot))
	}
	return g.texts[slot]
}

// name returns the slot of the string id. It reports false if there is none.
func (o *ordering) name(id uint64) (slot uint32, ok bool) {
	if d := o.gen.strings.dense; id < uint64(len(d)) && d[id] != 0 {
		return uint32(id), true
	}
	return o.findName(id)
}

func (o *ordering) findName(id uint64) (slot uint32, ok bool) {
	if slot, ok = o.gen.strings.slot(id); !ok && o.lenient {
		return o.guessName(id), true
	}
	return slot, ok
}

// text returns the string id.
func (o *ordering) text(id uint64) (t text, ok bool) {
	slot, ok := o.name(id)
	return text{s: o.string(slot), slot: slot, gen: o.generations}, ok
}

// slotOf returns a slot that t, perhaps of an earlier generation, is in.
func (o *ordering) slotOf(t text) uint32 {
	switch {
	case t.gen == o.generations:
		return t.slot
	case t.s == "":
		return 0
	}
	return o.addText(t.s)
}

// addText puts s into a slot of its own.
func (o *ordering) addText(s string) uint32 {
	g := o.gen
	g.texts = append(g.texts, s)
	g.known = append(g.known, true)
	return uint32(len(g.texts) - 1)
}

// numbered returns the number of the stack id, if it is an ordinary one that has
// been looked up before.
func (g *generation) numbered(id uint64) (num uint32, ok bool) {
	if id < uint64(len(g.direct)) {
		num = g.direct[id]
	}
	return num, num != 0
}

// stack returns the number of the stack id. It reports false if there is none.
func (o *ordering) stack(id uint64) (num uint32, ok bool) {
	if num, ok = o.gen.numbered(id); ok {
		return num, true
	}
	return o.findStack(id)
}

func (o *ordering) findStack(id uint64) (num uint32, ok bool) {
	slot, ok := o.gen.stacks.slot(id)
	if slot == 0 {
		if !ok && o.lenient {
			o.flags |= Incomplete
			return 0, true
		}
		return 0, ok
	}
	if num = o.gen.stack[slot]; num != 0 {
		return num, true
	}
	return o.newStack(slot)
}

func (o *ordering) newStack(slot uint32) (num uint32, ok bool) {
	num, ok = o.stacks.stack(o.gen, slot)
	if !ok {
		if !o.lenient {
			return 0, false
		}
		o.flags |= Incomplete
		return num, true
	}
	o.gen.stack[slot] = num
	return num, true
}

// validateTables looks whether the generation has every string and stack once,
// and all strings of its stacks.
func (o *ordering) validateTables() error {
	if o.gen.strings.twice+o.gen.stacks.twice > 0 {
		return errors.New("a generation has two strings or stacks of the same number")
	}
	for slot := 1; slot < o.gen.stacks.slots(); slot++ {
		if o.gen.stacks.sparse || o.gen.stacks.dense[slot] != 0 {
			if _, ok := o.stack(o.gen.stacks.idOf(slot)); !ok {
				return fmt.Errorf("a frame of stack %d has a string that is not in the table", o.gen.stacks.idOf(slot))
			}
		}
	}
	return nil
}
