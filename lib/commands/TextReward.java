package commands;

import common.BadInput;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import lppo.data.Problem;
import lppo.judge.Reward;

/**
 * The reward of answers in words: 1 if a response ends in the reference answer, else 0. Case, punctuation and spaces do not count.
 * A response has one end, so that listing candidates is never paid.
 */
final class TextReward implements Reward {

    private static final int LONGEST = 30; // words of an answer that is voted on

    @Override
    public double score(Problem problem, String response) {
        List<String> wanted = words(problem.answer());
        List<String> said = words(response);
        int from = said.size() - wanted.size();
        return !wanted.isEmpty() && from >= 0 && said.subList(from, said.size()).equals(wanted) ? 1 : 0;
    }

    /** The words of the last line, after "answer is" or "answer:" if it has one of these. */
    @Override
    public Optional<String> answer(String response) {
        String last = response.lines().filter(line -> !words(line).isEmpty()).reduce((a, b) -> b).orElse("");
        List<String> words = words(last.replaceFirst("(?i)^.*\\banswer(?: is\\b|:)", ""));
        return words.isEmpty() || words.size() > LONGEST ? Optional.empty() : Optional.of(String.join(" ", words));
    }

    @Override
    public void check(List<Problem> problems, Object where) {
        problems.forEach(problem -> BadInput.unless(!words(problem.answer()).isEmpty(),
                "%s: the answer of problem %s has no letters or digits, so that no text can end in it", where, problem.id()));
        Reward.super.check(problems, where);
    }

    private static List<String> words(String text) {
        String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{M}\\p{N}]+", " ").strip();
        return plain.isEmpty() ? List.of() : List.of(plain.split(" "));
    }
}
