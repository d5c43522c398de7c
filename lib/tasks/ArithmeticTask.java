package tasks;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.judge.FinalNumber;
import lppo.judge.Reward;
import lppo.task.Task;

/**
 * Sums and word problems in plain English, for a small language model:
 *
 * <pre>  1  What is 6 + 2?
 *  2  sums of three or four numbers
 *  3  sums of five or six numbers
 *  4  stories of two steps, in which the operations must be inferred
 *  5  stories of three steps</pre>
 *
 * 480 problems to train on, 160 of them (of the levels 2 to 5) with a demonstration, 100 for validation, 250 held out. Solutions are
 * bare equations or sentences, and end in "The answer is N." No question is in two of the sets, and none contains its answer, so that
 * repeating one never pays. With seed 1 it is what {@code data/arithmetic} holds.
 *
 * <p>Seen in {@code notebooks/10-a-real-language-model-learns-to-add.ipynb}.
 */
public final class ArithmeticTask implements Task {

    /** Its levels are 1 to this. */
    public static final int LEVELS = 5;

    private static final int PATIENCE = 10_000; // draws without a new question
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final Map<Split, List<Problem>> problems = new TreeMap<>();

    /** The task that a seed makes. */
    public ArithmeticTask(Seed seed) {
        Set<String> taken = new HashSet<>();
        problems.put(Split.HELD_OUT, make("heldout", 50, 0, seed, taken)); // first: what is evaluated on is in no other set
        problems.put(Split.VALIDATION, make("validation", 20, 0, seed, taken));
        problems.put(Split.TRAIN, make("train", 96, 40, seed, taken));
    }

    /** Problems of all levels, {@code count} of each; of each level above the first so many with a solution. */
    private static List<Problem> make(String set, int count, int demonstrated, Seed seed, Set<String> taken) {
        List<Problem> made = new ArrayList<>();
        for (int level = 1; level <= LEVELS; level++) {
            SplittableRandom random = seed.at("arithmetic " + set, level);
            int inVain = 0;
            for (int i = 0; i < count;) {
                BadInput.unless(inVain++ < PATIENCE, "%s: found only %d of %d problems of level %d", set, i, count, level);
                Story story = story(level, random);
                boolean words = random.nextInt(2) == 1;
                if (sound(story) && taken.add(story.question())) {
                    boolean shown = level > 1 && i < demonstrated; // a solution of one step has nothing to hint at
                    made.add(new Problem(set + "-" + level + "-" + i, story.question(), Integer.toString(story.answer()),
                            shown ? story.solution(words) : null, Integer.toString(level), "arithmetic"));
                    i++;
                    inVain = 0;
                }
            }
        }
        return made;
    }

    /** Whether the answer is positive and stands neither in the question nor in a step before the last, where it would be no news. */
    private static boolean sound(Story story) {
        List<Integer> before = story.lines().subList(0, story.lines().size() - 1).stream().map(Story.Line::value).toList();
        Set<Integer> asked = NUMBER.matcher(story.question()).results().map(found -> Integer.valueOf(found.group()))
                .collect(Collectors.toSet());
        return story.answer() > 0 && !before.contains(story.answer()) && !asked.contains(story.answer());
    }

    private static Story story(int level, SplittableRandom random) {
        return switch (level) {
            case 1 -> single(random);
            case 2 -> sum(3 + random.nextInt(2), 9, random);
            case 3 -> sum(5 + random.nextInt(2), 12, random);
            case 4 -> Stories.TWO_STEPS.get(random.nextInt(Stories.TWO_STEPS.size())).apply(new Stories.Draw(random));
            default -> Stories.THREE_STEPS.get(random.nextInt(Stories.THREE_STEPS.size())).apply(new Stories.Draw(random));
        };
    }

    private static Story single(SplittableRandom random) {
        int a = 1 + random.nextInt(9);
        int b = 1 + random.nextInt(9);
        String question = List.of("What is %d + %d?", "What is %d plus %d?", "What is the sum of %d and %d?", "What is %d - %d?",
                "What is %d minus %d?").get(random.nextInt(5)).formatted(a, b);
        boolean minus = question.contains("-") || question.contains("minus");
        return Story.of(question, minus ? Story.subtract(a, b, "%s.") : Story.add(a, b, "%s."));
    }

    private static Story sum(int terms, int largest, SplittableRandom random) {
        int[] numbers = random.ints(terms, 1, largest + 1).toArray();
        String plus = IntStream.of(numbers).mapToObj(Integer::toString).collect(Collectors.joining(" + "));
        String commas = IntStream.range(0, terms).mapToObj(i -> (i == 0 ? "" : i == terms - 1 ? " and " : ", ") + numbers[i])
                .collect(Collectors.joining());
        List<Story.Line> lines = new ArrayList<>();
        int total = numbers[0];
        for (int i = 1; i < terms; i++) {
            lines.add(Story.add(total, numbers[i], i == 1 ? "The first two make %s." : "With the next it is %s."));
            total += numbers[i];
        }
        return new Story(switch (random.nextInt(3)) {
            case 0 -> "What is " + plus + "?";
            case 1 -> "Add " + commas + ".";
            default -> "What is the sum of " + commas + "?";
        }, lines);
    }

    @Override
    public String name() {
        return "arithmetic";
    }

    @Override
    public List<Problem> problems(Split split) {
        return problems.get(split);
    }

    @Override
    public Reward reward() {
        return new FinalNumber();
    }

    @Override
    public int longest() {
        return 96;
    }
}
