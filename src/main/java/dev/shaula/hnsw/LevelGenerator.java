package dev.shaula.hnsw;

/**
 * The top level of each node: geometric, with the paper's factor {@code 1 / ln m}, drawn from a hash of the ordinal.
 * The same ordinal gets the same level on every replica and in every replay, which {@code Math.log} leaves open.
 */
record LevelGenerator(int m) {
    static final int MAX_LEVEL = 24;

    int levelOf(int ordinal) {
        double uniform = ((mix(ordinal) >>> 11) + 1) * 0x1p-53;
        return (int) Math.min(MAX_LEVEL, -StrictMath.log(uniform) / StrictMath.log(m));
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
    private static long mix(long z) {
        long x = z * 0x9e3779b97f4a7c15L + 0x1234_5678_9abc_def1L;
        x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
        return x ^ (x >>> 31);
    }
}
