package llm;

import java.util.Arrays;

/**
 * Turns tokens into text while they come. A piece is given as soon as its characters are complete, so that no character is shown in halves;
 * all pieces together are what {@link Policy#decode} makes of all tokens.
 */
public final class StreamedText {

    private static final char INCOMPLETE = '\ufffd'; // what the tokenizer gives for the first bytes of a character

    private final Tokenizer tokenizer;
    private int[] tokens = new int[64];
    private int count;
    private int from; // the tokens before this one are done with
    private int shown; // the tokens before this one were given

    /** Creates a text without tokens. */
    public StreamedText(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Adds a token; returns the characters that it completes, often none or several. */
    public String add(int token) {
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * count);
        }
        tokens[count++] = token;
        String piece = piece();
        if (piece.isEmpty() || piece.charAt(piece.length() - 1) == INCOMPLETE) {
            return "";
        }
        from = shown; // a token before the next piece stays: some tokenizers give the first token of a text no space
        shown = count;
        return piece;
    }

    /** Returns what is left at the end: characters that stay incomplete. */
    public String rest() {
        String piece = piece();
        from = count;
        shown = count;
        return piece;
    }

    private String piece() {
        String before = tokenizer.decode(Arrays.copyOfRange(tokens, from, shown));
        String all = tokenizer.decode(Arrays.copyOfRange(tokens, from, count));
        return all.length() > before.length() ? all.substring(before.length()) : "";
    }
}
