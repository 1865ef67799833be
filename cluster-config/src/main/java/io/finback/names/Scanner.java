package io.finback.names;

import java.util.ArrayList;
import java.util.List;

/** Characters of a dtab or path, and where we are in them. Source of the grammar: twitter/finagle NameTreeParsers.scala. */
final class Scanner {
    private static final int MAX_NESTING = 64;

    private final String text;
    private int at;
    private int nesting;

    Scanner(String text) {
        this.text = text;
    }

    boolean atEnd() {
        return at >= text.length();
    }

    char peek() {
        return atEnd() ? '\0' : text.charAt(at);
    }

    boolean take(char c) {
        if (!atEnd() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    void expect(char c) {
        if (!take(c)) {
            throw failure("'" + c + "'");
        }
    }

    void expectEnd() {
        if (!atEnd()) {
            throw failure("end of input");
        }
    }

    /** White space, and comments from {@code #} to the end of the line. */
    void skipSpace() {
        while (!atEnd()) {
            char c = text.charAt(at);
            if (c == '#') {
                while (!atEnd() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (Character.isWhitespace(c)) {
                at++;
            } else {
                return;
            }
        }
    }

    Path path() {
        expect('/');
        List<String> elements = new ArrayList<>();
        if (isLabelStart()) {
            do {
                elements.add(label());
            } while (take('/'));
        }
        return new Path(elements);
    }

    /** One element; {@code *} stands for itself only in a prefix, see {@link Dtab.Prefix}. */
    String label() {
        StringBuilder out = new StringBuilder();
        while (isLabelStart()) {
            if (take('\\')) {
                expect('x');
                out.append((char) (hexDigit() * 16 + hexDigit()));
            } else {
                out.append(text.charAt(at++));
            }
        }
        if (out.isEmpty()) {
            throw failure("a label ([0-9A-Za-z_:.#$%-] or \\xNN)");
        }
        return out.toString();
    }

    boolean isLabelStart() {
        return !atEnd() && (peek() == '\\' || Path.isShowable(peek()));
    }

    /** A weight in front of {@code *}: digits with at most one point; 1.0 when there is none. */
    double weight() {
        int start = at;
        boolean point = false;
        while (Character.isDigit(peek()) || (peek() == '.' && !point)) {
            point |= peek() == '.';
            at++;
        }
        if (start == at) {
            return 1.0;
        }
        String number = text.substring(start, at);
        if (number.equals(".")) {
            throw failure("a number");
        }
        double weight = Double.parseDouble(number);
        if (Double.isInfinite(weight)) {
            throw failure("a smaller weight");
        }
        skipSpace();
        expect('*');
        skipSpace();
        return weight;
    }

    void enter() {
        if (++nesting > MAX_NESTING) {
            throw failure("at most " + MAX_NESTING + " nested parentheses");
        }
    }

    void leave() {
        nesting--;
    }

    NameSyntaxException failure(String expected) {
        String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        return new NameSyntaxException("expected " + expected + " at position " + at + " of '" + shown + "'");
    }

    private int hexDigit() {
        int digit = atEnd() ? -1 : Character.digit(text.charAt(at), 16);
        if (digit < 0) {
            throw failure("a hex digit");
        }
        at++;
        return digit;
    }
}
