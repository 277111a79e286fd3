//go:build amd64 && !purego

#include "textflag.h"

// The 6 x 2 block of vectors of C stays in registers over the whole sum: 12
// fused multiply-adds for 2 loads of B and 6 broadcasts of A. One text serves
// both vector widths: W is the width in bytes.

// ROW: (c0, c1) += x * (b0, b1).
#define ROW(x, b0, b1, t, c0, c1) \
	VBROADCASTSD x, t                            \
	VFMADD231PD  b0, t, c0; VFMADD231PD b1, t, c1

// REDUCE: c -= round(c / p) * p, rounding by the addition of magic.
#define REDUCE(i, q, magic, p, inv, c0, c1) \
	VBROADCASTSD (16*i)(R12), p; VBROADCASTSD (16*i+8)(R12), inv \
	VMULPD c0, inv, q; VADDPD magic, q, q; VSUBPD magic, q, q; VFNMADD231PD q, p, c0 \
	VMULPD c1, inv, q; VADDPD magic, q, q; VSUBPD magic, q, q; VFNMADD231PD q, p, c1

// LOAD6 and STORE6 move the block between C and registers, a row a line.
#define LOAD6(W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
	VMOVUPD (DI), c00; VMOVUPD W(DI), c01             \
	VMOVUPD (DI)(R8*1), c10; VMOVUPD W(DI)(R8*1), c11 \
	VMOVUPD (DI)(R8*2), c20; VMOVUPD W(DI)(R8*2), c21 \
	VMOVUPD (BX), c30; VMOVUPD W(BX), c31             \
	VMOVUPD (BX)(R8*1), c40; VMOVUPD W(BX)(R8*1), c41 \
	VMOVUPD (BX)(R8*2), c50; VMOVUPD W(BX)(R8*2), c51

// ZERO6 starts from nothing instead.
#define ZERO6(z, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
	VBROADCASTSD z, c00; VBROADCASTSD z, c01 \
	VBROADCASTSD z, c10; VBROADCASTSD z, c11 \
	VBROADCASTSD z, c20; VBROADCASTSD z, c21 \
	VBROADCASTSD z, c30; VBROADCASTSD z, c31 \
	VBROADCASTSD z, c40; VBROADCASTSD z, c41 \
	VBROADCASTSD z, c50; VBROADCASTSD z, c51

#define STORE6(W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
	VMOVUPD c00, (DI); VMOVUPD c01, W(DI)             \
	VMOVUPD c10, (DI)(R8*1); VMOVUPD c11, W(DI)(R8*1) \
	VMOVUPD c20, (DI)(R8*2); VMOVUPD c21, W(DI)(R8*2) \
	VMOVUPD c30, (BX); VMOVUPD c31, W(BX)             \
	VMOVUPD c40, (BX)(R8*1); VMOVUPD c41, W(BX)(R8*1) \
	VMOVUPD c50, (BX)(R8*2); VMOVUPD c51, W(BX)(R8*2)

// DI, BX: rows 0 and 3 of C; R8: its stride. SI: A; AX, CX: rows 0 and 3 of the
// column of A in turn; R9: its stride. R14: panel of B; DX: row of it in turn;
// R15: stride of rows; R10: k; R11: panels left; R12: mod.
#define STRIP(W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, b0, b1, s, t) \
	MOVQ c+0(FP), DI; MOVQ ldc+8(FP), R8            \
	MOVQ a+16(FP), SI; MOVQ lda+24(FP), R9           \
	MOVQ b+32(FP), R14; MOVQ rowB+40(FP), R15         \
	MOVQ k+56(FP), R10; MOVQ panels+64(FP), R11       \
	MOVQ mod+72(FP), R12          \
	SHLQ $3, R8; SHLQ $3, R9\
	SHLQ $3, R15                  \
	MOVQ $0x4338000000000000, AX; MOVQ AX, magic-8(SP)          \
	MOVQ $0, zero-16(SP)          \
panel:                            \
	LEAQ (R8)(R8*2), BX; ADDQ DI, BX                   \
	ZERO6(zero-16(SP), c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
	CMPB add+80(FP), $0           \
	JEQ  sum                      \
	LOAD6(W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
sum:                              \
	MOVQ SI, AX                   \
	LEAQ (R9)(R9*2), CX; ADDQ SI, CX                   \
	MOVQ R14, DX; MOVQ R10, R13                 \
loop:                             \
	VMOVUPD (DX), b0; VMOVUPD W(DX), b1             \
	ROW((AX), b0, b1, s, c00, c01)       \
	ROW((AX)(R9*1), b0, b1, t, c10, c11) \
	ROW((AX)(R9*2), b0, b1, s, c20, c21) \
	ROW((CX), b0, b1, t, c30, c31)       \
	ROW((CX)(R9*1), b0, b1, s, c40, c41) \
	ROW((CX)(R9*2), b0, b1, t, c50, c51) \
	ADDQ $8, AX; ADDQ $8, CX                   \
	ADDQ R15, DX                  \
	DECQ R13                      \
	JNZ  loop                     \
	VBROADCASTSD magic-8(SP), b1  \
	REDUCE(0, b0, b1, s, t, c00, c01) \
	REDUCE(1, b0, b1, s, t, c10, c11) \
	REDUCE(2, b0, b1, s, t, c20, c21) \
	REDUCE(3, b0, b1, s, t, c30, c31) \
	REDUCE(4, b0, b1, s, t, c40, c41) \
	REDUCE(5, b0, b1, s, t, c50, c51) \
	STORE6(W, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51) \
	ADDQ $(2*W), DI               \
	MOVQ panelB+48(FP), AX; LEAQ (R14)(AX*8), R14         \
	DECQ R11                      \
	JNZ  panel                    \
	VZEROUPPER; RET

// func strip8(c *float64, ldc int, a *float64, lda int, b *float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)
// Requires: AVX2, FMA3
TEXT ·strip8(SB), NOSPLIT, $16-81
	STRIP(32, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)

// func strip16(c *float64, ldc int, a *float64, lda int, b *float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)
// Requires: AVX512F
TEXT ·strip16(SB), NOSPLIT, $16-81
	STRIP(64, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)
