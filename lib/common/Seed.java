package common;

import java.io.Serializable;
import java.util.SplittableRandom;

/**
 * The root of all randomness. Every draw comes from a generator keyed by (seed, purpose, step, problem, index) and never depends on call
 * order: a different batch size, device or number of workers changes no draw, and a resumed run continues as if it had never stopped.
 *
 * @param value the number given by {@code --seed}
 */
public record Seed(long value) implements Serializable {

    /** Returns the generator for one purpose (such as {@code "rollout"}) at one step, for one problem and one of its completions. */
    public SplittableRandom at(String purpose, long step, String problem, int index) {
        long key = mix(value);
        key = mix(key ^ hash(purpose));
        key = mix(key ^ step);
        key = mix(key ^ hash(problem));
        key = mix(key ^ index);
        return new SplittableRandom(key);
    }

    /** Returns the generator for one purpose at one step. */
    public SplittableRandom at(String purpose, long step) {
        return at(purpose, step, "", 0);
    }

    /** Returns an independent seed, for operations that would otherwise draw the same numbers twice in a step. */
    public Seed child(String purpose) {
        return new Seed(mix(mix(value) ^ hash(purpose)));
    }

    /** FNV-1a over UTF-16 units, 64 bits: stable across machines and Java versions. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014): flips each bit with probability one half. */
    private static long mix(long z) {
        z += 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
