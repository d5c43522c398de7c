package commands;

//SOURCES ChatFormat.java
//SOURCES MathReward.java
//SOURCES OwnClass.java

import answers.MathAnswer;
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
import lppo.files.ProblemFiles;
import lppo.judge.Reward;
import lppo.run.PromptFit;
import picocli.CommandLine.Option;
import tasks.Tasks;

/** How problems are asked and how answers are judged, as command-line options. */
public final class ProblemOptions {

    @Option(names = "--task", description = "A task that is built in; gives problems, prompt format, reward and longest completion that"
            + " are not given otherwise.")
    public String task;

    @Option(names = "--prompt-format", description = "How a question is asked: plain, as it is; chat, by the model's chat template; "
            + "qwen-math, the same with the system message of Qwen2.5-Math (default: the task's, else plain).")
    public String promptFormat;

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of the chat.")
    public String system;

    @Option(names = "--stop", paramLabel = "TOKEN",
            description = "A further token that ends a completion, as text: <|im_end|> for a base model in a chat; repeatable.")
    public List<String> stop = List.of();

    @Option(names = "--reward", paramLabel = "NAME|FILE.java", description = "How an answer is judged: last-word; math, for equivalence"
            + " wherever it stands; boxed, for equivalence in a box alone; or a reward of your own, a Java file with one class"
            + " (default: the task's, else last-word).")
    public String reward;

    /** The problems of a file, ours or a benchmark as published; tells which of its rows are left out. */
    public static ProblemFiles.Loaded read(Path file) {
        ProblemFiles.Loaded loaded = ProblemFiles.load(file);
        if (!loaded.dropped().isEmpty()) {
            System.err.printf("%s: %d of %d rows left out: %s%n", file, loaded.rows() - loaded.problems().size(), loaded.rows(),
                    loaded.leftOut());
        }
        return loaded;
    }

    /**
     * The problems to train on: of a file if there is one, else of the task.
     *
     * @throws BadInput if there is neither
     */
    public List<Problem> problems(Path file) {
        BadInput.unless(file != null || task != null, "--data FILE or --task NAME: one of them must say what to learn");
        return file != null ? read(file).problems() : Tasks.named(task).problems();
    }

    /** How a question becomes the text of a prompt for a model folder. */
    public PromptFormat format(Path model, Tokenizer tokenizer) {
        if (promptFormat == null && system == null && task != null) {
            return Tasks.named(task).format();
        }
        return ChatFormat.named(promptFormat == null ? "plain" : promptFormat, model, system, tokenizer);
    }

    /** The problems that a model has positions for; the others are left out and told. {@code where} begins each line. */
    public List<Problem> fitting(List<Problem> problems, Object where, PromptFormat format, Policy policy, int maxNewTokens) {
        PromptFit fit = PromptFit.of(problems, format, policy.tokenizer(), policy.config().maxPositions(), maxNewTokens, false, where);
        fit.warnings().forEach(warning -> System.err.printf("%s: %s%n", where, warning));
        return fit.problems();
    }

    /**
     * The reward of this name; close it.
     *
     * @throws BadInput if there is none
     */
    public Judge judge() {
        if (reward == null) {
            return new Judge(task == null ? Reward.lastWord() : Tasks.named(task).reward(), null);
        }
        if (reward.endsWith(".java")) {
            return new Judge(OwnClass.of(Path.of(reward), Reward.class), null);
        }
        return switch (reward) {
            case "last-word" -> new Judge(Reward.lastWord(), null);
            case "math" -> {
                MathReward math = new MathReward(new MathAnswer());
                yield new Judge(math, math);
            }
            case "boxed" -> {
                MathReward math = new MathReward(new MathAnswer());
                yield new Judge(math.boxed(), math);
            }
            default -> throw new BadInput("reward \"" + reward + "\" is unknown; choose last-word, math, boxed or a file of your own, MyReward.java");
        };
    }

    /** A reward that may hold a process. */
    public record Judge(Reward reward, MathReward math) implements AutoCloseable {

        /**
         * The problems with the demonstrations that reach their answer. Of the built-in kind all must; of mathematics those
         * that do not are told and go without, since no checker follows every solution that people write.
         *
         * @param where the file, for messages
         * @throws BadInput naming the first that does not, unless mathematics is judged
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

        /** Tells what could not be judged, if anything. */
        public void tell() {
            if (reward.failures() > 0) {
                System.err.printf("%d answers could not be judged and count as wrong; ./jbang check says why%n", reward.failures());
            }
        }

        @Override
        public void close() {
            if (math != null) {
                math.close();
            }
        }
    }

    /** All options by name, for {@code config.json}. */
    public Map<String, String> values() {
        return new TreeMap<>(Map.of("task", String.valueOf(task), "prompt_format", String.valueOf(promptFormat), "system",
                String.valueOf(system), "stop", String.join(" ", stop), "reward", String.valueOf(reward)));
    }
}
