//go:build amd64 && !purego

#include "textflag.h"

// The 6 x 2 block of vectors of C stays in registers over the whole sum: 12
// fused multiply-adds for 2 loads of B and 6 broadcasts of A, both packed. One
// text serves both precisions (S bytes an element) and both vector widths (W
// bytes).

// ROW: (c0, c1) += x * (b0, b1).
#define ROW(BROADCAST, FMA, x, b0, b1, t, c0, c1) \
	BROADCAST x, t                   \
	FMA b0, t, c0; FMA b1, t, c1

// STORE: the next row of C += (c0, c1).
#define STORE(MOVE, ADD, W, c0, c1) \
	ADD  (DI), c0, c0; ADD W(DI), c1, c1 \
	MOVE c0, (DI); MOVE c1, W(DI)        \
	ADDQ R8, DI

// DI: row of C in turn; R8: its stride in bytes; SI: A; DX: B; R10: terms left.
#define KERNEL(BROADCAST, FMA, ADD, MOVE, ZERO, S, SHIFT, W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, b0, b1, s, t) \
	MOVQ c+0(FP), DI; MOVQ ldc+8(FP), R8                                     \
	MOVQ a+16(FP), SI; MOVQ b+24(FP), DX; MOVQ k+32(FP), R10                 \
	SHLQ $SHIFT, R8                                                          \
	ZERO c00, c00, c00; ZERO c01, c01, c01; ZERO c10, c10, c10; ZERO c11, c11, c11 \
	ZERO c20, c20, c20; ZERO c21, c21, c21; ZERO c30, c30, c30; ZERO c31, c31, c31 \
	ZERO c40, c40, c40; ZERO c41, c41, c41; ZERO c50, c50, c50; ZERO c51, c51, c51 \
loop:                                                                        \
	MOVE (DX), b0; MOVE W(DX), b1                                            \
	ROW(BROADCAST, FMA, (SI), b0, b1, s, c00, c01)                           \
	ROW(BROADCAST, FMA, S(SI), b0, b1, t, c10, c11)                          \
	ROW(BROADCAST, FMA, (2*S)(SI), b0, b1, s, c20, c21)                      \
	ROW(BROADCAST, FMA, (3*S)(SI), b0, b1, t, c30, c31)                      \
	ROW(BROADCAST, FMA, (4*S)(SI), b0, b1, s, c40, c41)                      \
	ROW(BROADCAST, FMA, (5*S)(SI), b0, b1, t, c50, c51)                      \
	ADDQ $(6*S), SI; ADDQ $(2*W), DX                                         \
	DECQ R10                                                                 \
	JNZ  loop                                                                \
	STORE(MOVE, ADD, W, c00, c01)                                            \
	STORE(MOVE, ADD, W, c10, c11)                                            \
	STORE(MOVE, ADD, W, c20, c21)                                            \
	STORE(MOVE, ADD, W, c30, c31)                                            \
	STORE(MOVE, ADD, W, c40, c41)                                            \
	STORE(MOVE, ADD, W, c50, c51)                                            \
	VZEROUPPER                                                               \
	RET


// func float32x8(c *float32, ldc int, a, b *float32, k int)
TEXT ·float32x8(SB), NOSPLIT, $0-40
	KERNEL(VBROADCASTSS, VFMADD231PS, VADDPS, VMOVUPS, VPXOR, 4, 2, 32, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15, Y0, Y1, Y2, Y3)

// func float64x4(c *float64, ldc int, a, b *float64, k int)
TEXT ·float64x4(SB), NOSPLIT, $0-40
	KERNEL(VBROADCASTSD, VFMADD231PD, VADDPD, VMOVUPD, VPXOR, 8, 3, 32, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15, Y0, Y1, Y2, Y3)

// func float32x16(c *float32, ldc int, a, b *float32, k int)
TEXT ·float32x16(SB), NOSPLIT, $0-40
	KERNEL(VBROADCASTSS, VFMADD231PS, VADDPS, VMOVUPS, VPXORQ, 4, 2, 64, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z0, Z1, Z2, Z3)

// func float64x8(c *float64, ldc int, a, b *float64, k int)
TEXT ·float64x8(SB), NOSPLIT, $0-40
	KERNEL(VBROADCASTSD, VFMADD231PD, VADDPD, VMOVUPD, VPXORQ, 8, 3, 64, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z0, Z1, Z2, Z3)
