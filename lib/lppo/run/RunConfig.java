package lppo.run;

import common.Checksums;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.data.Problem;

/** The settings that determine the results of a run, as names and values for {@code config.json}. */
final class RunConfig {

    private RunConfig() {}

    static Map<String, Object> of(Training training) {
        Recipe recipe = training.recipe();
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("task", training.task().name());
        config.put("seed", training.seed().value());
        config.put("recipe", RunFolder.columns("title", recipe.title(), "algorithm", recipe.algorithm().id(), "advantage",
                text(recipe.algorithm().advantage()), "objective", text(recipe.algorithm().objective()), "selection",
                text(recipe.selection()), "hint", text(recipe.hint()), "rule", text(recipe.rule()), "rescue", recipe.rescue(), "cut",
                text(training.cut()), "guided_share", recipe.guidedShare(), "progress_weighted", recipe.progressWeighted(), "weighting",
                text(recipe.weighting(null)), "refills", recipe.refills(), "problems_per_step", recipe.problemsPerStep(), "group_size",
                recipe.groupSize(), "learning", text(recipe.learning())));
        config.put("longest", training.task().longest());
        config.put("products", training.policy().byOneDnn() ? "oneDNN" : "engine");
        config.put("checksums", checksums(training));
        config.put("machine", machine());
        return config;
    }

    /** Returns checksums of the data of a run, so that a file replaced under the same name is detected. */
    static Map<String, Object> checksums(Training training) {
        return RunFolder.columns("problems", checksum(training.task().problems()), "evaluation",
                checksum(training.evaluation().problems()));
    }

    private static String checksum(List<Problem> problems) {
        StringBuilder text = new StringBuilder();
        problems.forEach(problem -> text.append(problem).append('\n'));
        return Checksums.sha256(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns what a run depends on besides its settings: Java, platform, threads. */
    static Map<String, Object> machine() {
        return RunFolder.columns("java", Runtime.version().toString(), "platform",
                System.getProperty("os.name") + " " + System.getProperty("os.arch"), "cores",
                Runtime.getRuntime().availableProcessors(), "threads", System.getProperty("ai.djl.pytorch.num_threads", "default"));
    }

    /** Describes a record by its values and anything else by its class; the class name of a lambda is not stable. */
    private static String text(Object operator) {
        if (operator == null) {
            return "none";
        }
        return operator.getClass().isHidden() || operator.getClass().isAnonymousClass() ? "own"
                : (operator instanceof Record || operator instanceof Enum<?> ? operator.toString() : operator.getClass().getSimpleName())
                        .replaceAll("\\$\\$Lambda[^,\\]]*", "");
    }
}
