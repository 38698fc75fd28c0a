# Golden numbers of scipy and numpy for test/evaluation/statistics.test.ts. Run in this folder: python make-statistics.py
import json, numpy as np, scipy
from scipy import stats
rng = np.random.default_rng(5)
out = {'source': f'scipy {scipy.__version__}, numpy {np.__version__}; test/golden/make-statistics.py', 'wilcoxon': []}
def add(name, d, exact):
    d = np.asarray(d, float)
    if exact:
        k = d[d != 0]
        ties = len(np.unique(np.abs(k))) < len(k)
        r = stats.wilcoxon(k, method=stats.PermutationMethod(n_resamples=2**20) if ties else 'exact')
    else:
        r = stats.wilcoxon(d, method='asymptotic', correction=False, zero_method='wilcox')
    out['wilcoxon'].append({'name': name, 'differences': d.tolist(), 'statistic': float(r.statistic), 'p': float(r.pvalue), 'exact': exact})
add('eight, no ties', np.round(rng.normal(.3, 1, 8), 3), True)
add('twenty-five, no ties', np.round(rng.normal(.2, 1, 25), 4), True)
add('twelve, ties', [1, 1, -1, 2, 2, 3, -2, 3, 3, 1, 4, 5], True)
add('ten, ties and zeros', [0, 1, 1, -1, 2, 0, 2, 3, -2, 3], True)
add('one', [0.5], True)
add('eighty', np.round(rng.normal(.2, 1, 80), 3), False)
add('ninety, ties and zeros', rng.integers(-3, 5, 90), False)
v = np.round(rng.normal(.8, .1, 17), 4)
out['values'] = v.tolist()
out['mean'], out['sd'], out['se'] = float(v.mean()), float(v.std(ddof=1)), float(stats.sem(v))
out['percentiles'] = {str(p): float(np.percentile(v, p)) for p in (0, 2.5, 5, 50, 97.5, 100)}
b = stats.bootstrap((v,), np.mean, n_resamples=200000, method='percentile', rng=1).confidence_interval
out['bootstrap'] = [float(b.low), float(b.high)]
# cases of one subject drawn together: 9 subjects of 1 to 3 cases
subjects = [0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 5, 5, 6, 7, 7, 8, 8]
sums = np.array([v[np.array(subjects) == s].sum() for s in range(9)]); counts = np.array([subjects.count(s) for s in range(9)])
draws = rng.integers(0, 9, (400000, 9))
m = sums[draws].sum(1) / counts[draws].sum(1)
out['subjects'] = subjects
out['clusterBootstrap'] = [float(np.percentile(m, 2.5)), float(np.percentile(m, 97.5))]
lines = [json.dumps(key) + ': ' + ('[\n' + ',\n'.join(map(json.dumps, value)) + '\n]' if key == 'wilcoxon' else json.dumps(value)) for key, value in out.items()]
open('statistics.json', 'w').write('{\n' + ',\n'.join(lines) + '\n}\n')
