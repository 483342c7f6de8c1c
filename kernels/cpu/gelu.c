#include <quiesce/kernels/cpu/vector.h>
#include <quiesce/kernels/gelu.h>

// Phi(-a) = e^(-a^2 / 2) Q(1 / (1 + 0.3 a)) for a >= 0: the quotient of the two is smooth, and a polynomial
// of degree 8 follows it to 6e-8 of itself up to a = 14, beyond which both are 0 in single precision. The
// exponential serves the density as well.
QSC_INLINE void normal_distribution(qsc_v16 *distribution, qsc_v16 *density, const qsc_v16 *x)
{
    qsc_v16i negative = *x < 0.0f;
    qsc_v16 opposite = -*x, a;
    qsc_v16_select(&a, &negative, &opposite, x);
    qsc_v16 e = a * a * -0.5f;
    qsc_v16_exp(&e);
    qsc_v16 t = 1.0f / (1.0f + 0.3f * a);
    qsc_v16 q = t * 3.8378283289e-02f - 1.6916608272e-01f;
    q = q * t + 2.2866002505e-01f;
    q = q * t - 7.6506418041e-02f;
    q = q * t + 1.4253548675e-01f;
    q = q * t + 9.4683537483e-02f;
    q = q * t + 1.2192033889e-01f;
    q = q * t + 1.1948768936e-01f;
    q = q * t + 7.1688552953e-06f;
    qsc_v16 tail = q * e;
    qsc_v16 rest = 1.0f - tail;
    qsc_v16_select(distribution, &negative, &tail, &rest);
    *density = e * 0.398942280f; // 1 / sqrt(2 pi)
}

QSC_CLONES
void qsc_gelu_forward(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int lanes = n - i < QSC_LANES ? (int)(n - i) : QSC_LANES;
        qsc_v16 v, distribution, density;
        qsc_v16_load(&v, x + i, lanes);
        normal_distribution(&distribution, &density, &v);
        v *= distribution;
        qsc_v16_store(out + i, &v, lanes);
    }
}

QSC_CLONES
void qsc_gelu_backward(float *dx, const float *dout, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += QSC_LANES) {
        int lanes = n - i < QSC_LANES ? (int)(n - i) : QSC_LANES;
        qsc_v16 v, dv, distribution, density;
        qsc_v16_load(&v, x + i, lanes);
        qsc_v16_load(&dv, dout + i, lanes);
        normal_distribution(&distribution, &density, &v);
        dv *= distribution + v * density;
        qsc_v16_store(dx + i, &dv, lanes);
    }
}
