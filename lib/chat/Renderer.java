package chat;

import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The state of a rendering: the output so far and the remaining budget. A unit of work is a step or a character; the budget bounds time and
 * memory for any template.
 */
final class Renderer {

    private static final long WORK = 10_000_000;
    private static final int DEPTH = 200;

    final LocalDateTime now;
    int line = 1;
    private final Deque<StringBuilder> outputs = new ArrayDeque<>();
    private long work;
    private int depth;

    Renderer(LocalDateTime now) {
        this.now = now;
        outputs.push(new StringBuilder());
    }

    void charge(long units) {
        work += units;
        if (work > WORK) {
            throw new TemplateError("it does more work than any chat needs (an endless loop or endless text?)");
        }
    }

    void enter() {
        charge(1);
        if (++depth > DEPTH) {
            throw new TemplateError("it nests or recurses more than " + DEPTH + " deep");
        }
    }

    void leave() {
        depth--;
    }

    void print(String text) {
        charge(text.length());
        outputs.peek().append(text);
    }

    /** What a part of the template writes, kept from the output. */
    String captured(Runnable part) {
        outputs.push(new StringBuilder());
        try {
            part.run();
            return outputs.peek().toString();
        } finally {
            outputs.pop();
        }
    }

    String output() {
        return outputs.peek().toString();
    }
}
