#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/vector.h>
#include <quiesce/kernels/gelu.h>

// a = |x|, at most 12.8; tail = Phi(-a); density = phi(a).
// Phi(-a) = e^(-a^2 / 2) Q(1 / (1 + 0.3 a)): the quotient of the two is smooth, and a polynomial of degree 8
// follows it to 6e-8 of itself. Beyond 12.8 all three are too small to count, and the exponential would leave
// its range.
QSC_INLINE void normal_tail(qsc_vector *a, qsc_vector *tail, qsc_vector *density, const qsc_vector *x)
{
    const qsc_vector largest = (qsc_vector){0} + 12.8f;
    *a = (qsc_vector)((qsc_vector_int)*x & 0x7FFFFFFF);
    qsc_vector_int beyond = *a > largest;
    qsc_vector_select(a, &beyond, &largest, a);
    qsc_vector e = *a * *a * -0.5f;
    qsc_vector_exp_in_range(&e);
    qsc_vector t = 1.0f / (1.0f + 0.3f * *a);
    qsc_vector q = t * 3.8378283289e-02f - 1.6916608272e-01f;
    q = q * t + 2.2866002505e-01f;
    q = q * t - 7.6506418041e-02f;
    q = q * t + 1.4253548675e-01f;
    q = q * t + 9.4683537483e-02f;
    q = q * t + 1.2192033889e-01f;
    q = q * t + 1.1948768936e-01f;
    q = q * t + 7.1688552953e-06f;
    *tail = q * e;
    *density = e * 0.398942280f; // 1 / sqrt(2 pi)
}

void qsc_gelu_forward(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int lanes = n - i < QSC_LANES ? (int)(n - i) : QSC_LANES;
        qsc_vector v, a, tail, density;
        qsc_vector_load(&v, x + i, lanes);
        normal_tail(&a, &tail, &density, &v);
        qsc_vector_int positive = v > 0.0f; // x Phi(x) = max(x, 0) - |x| Phi(-|x|)
        v = (qsc_vector)((qsc_vector_int)v & positive) - a * tail;
        qsc_vector_store(out + i, &v, lanes);
    }
}

void qsc_gelu_backward(float *dx, const float *dout, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int lanes = n - i < QSC_LANES ? (int)(n - i) : QSC_LANES;
        qsc_vector v, dv, a, tail, density;
        qsc_vector_load(&v, x + i, lanes);
        qsc_vector_load(&dv, dout + i, lanes);
        normal_tail(&a, &tail, &density, &v);
        qsc_vector slope = tail - a * density, opposite = 1.0f - slope; // at -a, and at a
        qsc_vector_int negative = v < 0.0f;
        qsc_vector_select(&slope, &negative, &slope, &opposite);
        dv *= slope;
        qsc_vector_store(dx + i, &dv, lanes);
    }
}
