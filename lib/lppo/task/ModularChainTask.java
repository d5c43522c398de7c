package lppo.task;

import common.Seed;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import lppo.Cut;
import lppo.StepCut;
import lppo.data.Problem;
import lppo.judge.Reward;

/**
 * The built-in task: 800 {@linkplain ModularChain chains of modular arithmetic} for training, 64 of them with a demonstration, 200 for
 * validation and 500 held out. The sets are disjoint. Seed 1 gives the files in {@code data/}.
 */
public final class ModularChainTask implements Task {

    private final Map<Split, List<Problem>> problems = new TreeMap<>();

    /** Creates the task of a seed. */
    public ModularChainTask(Seed seed) {
        Set<String> taken = new HashSet<>();
        Map<Integer, Integer> heldOut = Map.of(3, 100, 5, 100, 7, 100, 9, 100, 11, 100); // first: disjoint from the other sets
        problems.put(Split.HELD_OUT, make("heldout", heldOut, Map.of(), seed, taken));
        problems.put(Split.VALIDATION, make("validation", Map.of(3, 40, 5, 40, 7, 40, 9, 40, 11, 40), Map.of(), seed, taken));
        problems.put(Split.TRAIN, make("train", Map.of(3, 40, 5, 80, 7, 120, 9, 240, 11, 320), Map.of(9, 32, 11, 32), seed, taken));
    }

    private static List<Problem> make(String name, Map<Integer, Integer> counts, Map<Integer, Integer> demonstrated, Seed seed,
            Set<String> taken) {
        List<Problem> made = ModularChain.problems(new ModularChain.Counts(name, new TreeMap<>(counts), demonstrated, 1), seed, taken,
                true);
        made.forEach(problem -> taken.add(problem.question()));
        return made;
    }

    @Override
    public String name() {
        return "modular-chain";
    }

    @Override
    public List<Problem> problems(Split split) {
        return problems.get(split);
    }

    @Override
    public Reward reward() {
        return Reward.lastWord();
    }

    /** Every value of a chain is a step. */
    @Override
    public Cut cut() {
        return new StepCut();
    }

    @Override
    public int longest() {
        return ModularChain.MAX_LENGTH + 2; // the values, the end token, and one to spare
    }
}
