package answers;

import answers.LatexLexer.Token;
import answers.LatexLexer.Unreadable;
import java.util.List;

/** A place in a list of tokens, and how deep the reader is nested. */
abstract class Cursor {

    private static final int MAX_DEPTH = 80;

    final List<Token> tokens;
    int at;
    int depth;

    Cursor(List<Token> tokens) {
        this.tokens = tokens;
    }

    final Token peek() {
        return tokens.get(Math.min(at, tokens.size() - 1));
    }

    final boolean is(String op) {
        return peek().is(op);
    }

    final boolean accept(String op) {
        if (is(op)) {
            at++;
            return true;
        }
        return false;
    }

    final void expect(String op) {
        if (!accept(op)) {
            throw new Unreadable("expected " + op);
        }
    }

    final void deeper() {
        if (++depth > MAX_DEPTH) {
            throw new Unreadable("nested too deeply");
        }
    }
}
