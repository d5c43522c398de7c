package commands;

//SOURCES NextToken.java

import chat.ChatTemplate;
import common.OneLine;
import common.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import llm.OneByOne;
import llm.Policy;
import llm.StreamedText;
import lppo.rollout.Sampling;
import org.jline.utils.Signals;

/**
 * A conversation with a model in a terminal, line by line: its answers appear while they are made. Keys and values of what was said are
 * kept, so that a turn costs what is new in it. The oldest turns are dropped when the model's positions end.
 */
final class Conversation {

    private static final String HELP = "/exit or end of input leaves, /new begins again, Ctrl-C stops an answer";

    private final Policy policy;
    private final ChatTemplate template;
    private final String system;
    private final Sampling sampling;
    private final Seed seed;
    private final PrintStream out;
    private final PrintStream told;
    private final List<ChatTemplate.Message> messages = new ArrayList<>();
    private final AtomicBoolean stop = new AtomicBoolean();
    private volatile boolean answering;
    private int turn;

    /**
     * Creates a conversation.
     *
     * @param system the system message; null for the template's default
     * @param out answers
     * @param told everything else
     */
    Conversation(Policy policy, ChatTemplate template, String system, Sampling sampling, Seed seed, PrintStream out, PrintStream told) {
        this.policy = policy;
        this.template = template;
        this.system = system;
        this.sampling = sampling;
        this.seed = seed;
        this.out = out;
        this.told = told;
        begin();
    }

    private void begin() {
        messages.clear();
        if (system != null) {
            messages.add(new ChatTemplate.Message("system", system));
        }
    }

    /** Talks until {@code /exit} or the end of the input. */
    void run(BufferedReader in, boolean terminal) {
        Object before = Signals.register("INT", this::interrupted);
        try (OneByOne sequence = new OneByOne(policy)) {
            told.println(HELP);
            while (true) {
                if (terminal) {
                    told.print("> ");
                    told.flush();
                }
                String line = line(in);
                if (line == null || line.strip().equals("/exit")) {
                    return;
                }
                if (line.strip().equals("/new")) {
                    begin();
                    told.println("a new conversation");
                } else if (line.strip().equals("/help")) {
                    told.println(HELP);
                } else if (!line.isBlank()) {
                    messages.add(new ChatTemplate.Message("user", line));
                    answer(sequence);
                }
            }
        } finally {
            Signals.unregister("INT", before);
        }
    }

    private static String line(BufferedReader in) {
        try {
            return in.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException("standard input cannot be read", e);
        }
    }

    private void interrupted() {
        stop.set(true);
        if (!answering) {
            told.println(System.lineSeparator() + HELP);
        }
    }

    private void answer(OneByOne sequence) {
        int[] tokens = fitting();
        if (tokens == null) {
            return;
        }
        stop.set(false);
        answering = true;
        int prompt = tokens.length;
        int end = (int) Math.min((long) prompt + sampling.maxNewTokens(), policy.config().maxPositions());
        SplittableRandom random = seed.at("conversation", turn++);
        StreamedText text = new StreamedText(policy.tokenizer());
        boolean ended = false;
        while (!ended && tokens.length < end && !stop.get()) {
            int token = NextToken.draw(sequence.next(tokens), sampling, random.nextDouble());
            tokens = Arrays.copyOf(tokens, tokens.length + 1);
            tokens[tokens.length - 1] = token;
            ended = policy.config().eosTokens().contains(token);
            show(text.add(token));
        }
        show(text.rest());
        out.println(ended ? "" : " …");
        out.flush();
        answering = false;
        if (stop.get()) {
            told.println("stopped");
        }
        messages.add(new ChatTemplate.Message("assistant", policy.decode(Arrays.copyOfRange(tokens, prompt, tokens.length))));
    }

    private void show(String piece) {
        out.print(OneLine.text(piece));
        out.flush();
    }

    /** Returns the tokens of the conversation, without as many old turns as leave no room for an answer; null if even one is too long. */
    private int[] fitting() {
        int positions = policy.config().maxPositions();
        int room = Math.min(sampling.maxNewTokens(), Math.max(1, positions / 4));
        int first = system == null ? 0 : 1;
        int dropped = 0;
        while (true) {
            int[] tokens = policy.encode(ChatFormat.orBadInput(() -> template.render(messages, true)));
            boolean one = messages.size() - first <= 1;
            if (tokens.length + (one ? 1 : room) <= positions) {
                if (dropped > 0) {
                    told.printf("the first %d messages are dropped: the model has %d positions%n", dropped, positions);
                }
                return tokens;
            }
            if (one) {
                told.printf("this message has %d tokens, which fill the model's %d positions; say less%n", tokens.length, positions);
                messages.remove(messages.size() - 1);
                return null;
            }
            int turns = Math.min(2, messages.size() - first - 1); // a question and its answer
            messages.subList(first, first + turns).clear();
            dropped += turns;
        }
    }
}
