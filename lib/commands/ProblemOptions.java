package commands;

//SOURCES ChatFormat.java
//SOURCES MathReward.java
//SOURCES OwnClass.java
//SOURCES TextReward.java

import answers.MathAnswer;
import benchmarks.ProblemFiles;
import common.BadInput;
import common.OneLine;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import llm.Policy;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.PromptFormat;
import lppo.judge.Reward;
import lppo.run.PromptFit;
import picocli.CommandLine.Option;
import tasks.Tasks;

/** Command-line options for prompts and rewards. */
public final class ProblemOptions {

    @Option(names = "--task", description = "A built-in task: it provides problems, prompt format, reward and maximum length that"
            + " are not given.")
    public String task;

    @Option(names = "--prompt-format", description = "Prompt of a question: plain, as it is; chat, with the model's chat template; "
            + "qwen-math, chat with the system message of Qwen2.5-Math (default: the task's, else chat if the model has a template, else"
            + " plain).")
    public String promptFormat;

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of the chat.")
    public String system;

    @Option(names = "--stop", paramLabel = "TOKEN",
            description = "A further stop token, as text: <|im_end|> for a base model in a chat; repeatable (default: the end of a turn"
                    + " if the chat template is used by default).")
    public List<String> stop = List.of();

    @Option(names = "--reward", paramLabel = "NAME|FILE.java", description = "Reward: last-word; math, for equivalence"
            + " anywhere in the text; boxed, for equivalence of a boxed answer; exact, for a text that ends in the answer; or a reward of"
            + " your own, a Java file with one class (default: the task's, else for a language model math or, if the answers are words,"
            + " exact, else last-word).")
    public String reward;

    @Option(names = "--strict", description = "Of math and boxed: an answer must also be in final form and the only one, and not the"
            + " question repeated (the default of train and sft, since a policy learns whatever is paid).")
    public boolean strict;

    @Option(names = "--lenient", description = "Of math and boxed: equivalence is enough (the default of evaluate, as benchmarks are"
            + " reported).")
    public boolean lenient;

    /**
     * Reads the problems to evaluate on, from a file in our format or a published benchmark, or from the test split of a data set on the
     * hub, and reports skipped rows.
     */
    public static ProblemFiles.Loaded read(Path file) {
        return read(file, "test");
    }

    private static ProblemFiles.Loaded read(Path file, String split) {
        ProblemFiles.Loaded loaded = ProblemFiles.load(ByName.problems(file, split));
        if (!loaded.dropped().isEmpty()) {
            System.err.printf("%s: %d of %d rows skipped: %s%n", file, loaded.rows() - loaded.problems().size(), loaded.rows(),
                    loaded.leftOut());
        }
        return loaded;
    }

    /**
     * Returns the training problems, from the file or the train split of a data set on the hub if there is one, else from the task.
     *
     * @param demonstrations how many keep their solution, evenly chosen; null for all
     * @throws BadInput if there is neither, or are fewer solutions
     */
    public List<Problem> problems(Path file, Integer demonstrations) {
        BadInput.unless(file != null || task != null, "give --data FILE or --task NAME, the problems to train on");
        List<Problem> all = file != null ? read(file, "train").problems() : Tasks.named(task).problems();
        return demonstrations == null ? all : Problems.withDemonstrations(all, demonstrations);
    }

    /** Where the problems to train on come from, for messages. */
    public String where(Path file) {
        return file == null ? "task " + task : file.toString();
    }

    /** The problems of a file to evaluate on that the model has positions for; none if {@code file} is null. */
    public List<Problem> heldOut(Path file, PromptFormat format, Policy policy, int maxNewTokens) {
        return file == null ? List.of() : fitting(read(file).problems(), file, format, policy, maxNewTokens);
    }

    /** Returns the prompt format for a model folder. */
    public PromptFormat format(Path model, Tokenizer tokenizer) {
        if (promptFormat == null && system == null && task != null) {
            return Tasks.named(task).format();
        }
        return ChatFormat.named(promptFormat == null ? "plain" : promptFormat, model, system, tokenizer);
    }

    /** Returns the problems that fit a model's positions and reports the others; {@code where} starts each line. */
    public List<Problem> fitting(List<Problem> problems, Object where, PromptFormat format, Policy policy, int maxNewTokens) {
        PromptFit fit = PromptFit.of(problems, format, policy.tokenizer(), policy.config().maxPositions(), maxNewTokens, false, where);
        fit.warnings().forEach(warning -> System.err.printf("%s: %s%n", where, warning));
        return fit.problems();
    }

    /** Whether answers are judged strictly: as asked for, else as the command does by default. */
    private boolean isStrict(boolean byDefault) {
        return strict || byDefault && !lenient;
    }

    /**
     * Returns the reward of this name; the caller closes it.
     *
     * @param strictly whether mathematics is judged strictly where neither is asked for
     * @throws BadInput if there is none, or it knows neither
     */
    public Judge judge(boolean strictly) {
        BadInput.unless(!strict || !lenient, "--strict and --lenient: choose one");
        BadInput.unless(!strict && !lenient || "math".equals(reward) || "boxed".equals(reward),
                "%s: is for --reward math or boxed; %s judges in its own way", strict ? "--strict" : "--lenient",
                reward == null ? "the task" : reward);
        if (reward == null) {
            return new Judge(task == null ? Reward.lastWord() : Tasks.named(task).reward(), null);
        }
        if (reward.endsWith(".java")) {
            return new Judge(OwnClass.of(Path.of(reward), Reward.class), null);
        }
        return switch (reward) {
            case "last-word" -> new Judge(Reward.lastWord(), null);
            case "exact" -> new Judge(new TextReward(), null);
            case "math", "boxed" -> {
                MathReward math = new MathReward(new MathAnswer());
                MathReward found = reward.equals("boxed") ? math.boxed() : math;
                yield new Judge(isStrict(strictly) ? found.strict() : found, math);
            }
            default -> throw new BadInput(
                    "reward \"" + reward + "\" is unknown; choose last-word, math, boxed, exact or a file, MyReward.java");
        };
    }

    /**
     * A reward that may own a process.
     *
     * @param math judges mathematics leniently, wherever the answer stands; null if the reward is of another kind
     */
    public record Judge(Reward reward, MathReward math) implements AutoCloseable {

        /**
         * Drops demonstrations that do not reach their answer. For last-word rewards this is an error; for mathematics they are reported
         * and dropped, since no checker understands every solution that people write. Mathematics is checked leniently: a demonstration
         * by a person need not have the form that earns a reward in training.
         *
         * @param where the file, for messages
         * @throws BadInput naming the first that does not, unless the reward is mathematical
         */
        public List<Problem> trusted(List<Problem> problems, Object where) {
            if (math == null) {
                reward.check(problems, where);
                return problems;
            }
            List<Problem> trusted = problems.stream().map(p -> !p.hasDemonstration() || math.score(p, p.solution()) == 1 ? p
                    : p.withoutSolution()).toList();
            List<String> lost = IntStream.range(0, problems.size())
                    .filter(i -> problems.get(i).hasDemonstration() && !trusted.get(i).hasDemonstration())
                    .mapToObj(i -> problems.get(i).id()).toList();
            if (!lost.isEmpty()) {
                System.err.printf("%s: the solutions of %d problems (%s …) do not end in their answers and are not used%n", where,
                        lost.size(), OneLine.line(lost.get(0)));
            }
            return trusted;
        }

        /** Reports how many answers could not be judged, if any. */
        public void tell() {
            if (reward.failures() > 0) {
                System.err.printf("%d answers could not be judged and count as wrong; ./jbang check explains why%n", reward.failures());
            }
        }

        @Override
        public void close() {
            if (math != null) {
                math.close();
            }
        }
    }

    /** Returns all options by name, for {@code config.json}; {@code strictly} as for {@link #judge}. */
    public Map<String, String> values(boolean strictly) {
        return new TreeMap<>(Map.of("judging", isStrict(strictly) ? "strict" : "lenient",
                "task", String.valueOf(task), "prompt_format", String.valueOf(promptFormat), "system",
                String.valueOf(system), "stop", String.join(" ", stop), "reward", String.valueOf(reward)));
    }
}
