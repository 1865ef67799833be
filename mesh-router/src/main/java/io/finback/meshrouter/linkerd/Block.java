package io.finback.meshrouter.linkerd;

import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;

/**
 * One mapping of a YAML text. Every key that is read is known; {@link #end} refuses the others. Failures are {@link YamlFailure} and name
 * the line. JSON is YAML, too.
 */
final class Block {
    private static final int MAX_CHARS = 3_000_000;

    private final String where;
    private final int line;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Integer> lines = new LinkedHashMap<>();
    private final TreeSet<String> known = new TreeSet<>();

    private Block(String where, MappingNode node) {
        this.where = where;
        this.line = lineOf(node);
        for (NodeTuple tuple : node.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw failure(lineOf(tuple.getKeyNode()), where + " has a key that is no text");
            }
            if (values.put(key.getValue(), tuple.getValueNode()) != null) {
                throw failure(lineOf(key), at(key.getValue()) + " is there twice");
            }
            lines.put(key.getValue(), lineOf(key));
        }
    }

    static Block parse(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CHARS);
        Node root;
        try {
            root = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new YamlFailure("line " + line + ": " + e.getProblem() + " (expected: YAML)", e);
        } catch (ReaderException e) {
            int end = Math.min(text.length(), Math.max(0, e.getPosition()));
            long line =
                    1 + text.substring(0, end).chars().filter(c -> c == '\n').count();
            throw new YamlFailure(
                    "line " + line + ": character U+" + String.format("%04X", e.getCodePoint())
                            + " (expected: YAML, which is printable)",
                    e);
        } catch (YAMLException e) {
            throw new YamlFailure("line 1: " + e.getMessage() + " (expected: YAML)", e);
        }
        if (!(root instanceof MappingNode mapping)) {
            throw failure(1, "the file is not a mapping (expected: routers: ...)");
        }
        return new Block("", mapping);
    }

    private static int lineOf(Node node) {
        return node.getStartMark().getLine() + 1;
    }

    private static YamlFailure failure(int line, String message) {
        return new YamlFailure("line " + line + ": " + message);
    }

    private String at(String key) {
        return where.isEmpty() ? key : where + "." + key;
    }

    /** A failure about the value of {@code key}, or about this block when the key is absent. */
    YamlFailure wrong(String key, String message) {
        return failure(lines.getOrDefault(key, line), at(key) + ": " + message);
    }

    /** Throws for keys nobody has asked for. */
    void end() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw failure(
                        lines.getOrDefault(key, line),
                        "unknown key '" + key + "'" + (where.isEmpty() ? "" : " in " + where) + " (known here: "
                                + String.join(", ", known) + ")");
            }
        }
    }

    /** What {@code make} says, with the line of {@code key} before its message when it refuses. */
    <T> T checked(String key, Supplier<T> make) {
        try {
            return make.get();
        } catch (YamlFailure e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new YamlFailure("line " + lines.getOrDefault(key, line) + ": " + at(key) + ": " + e.getMessage(), e);
        }
    }

    boolean has(String key) {
        known.add(key);
        return value(key).isPresent();
    }

    /** Refuses {@code key} wherever it is there, unless it says {@code harmless}. */
    void refuse(String key, String why, String... harmless) {
        Optional<String> text = value(key).map(node -> node instanceof ScalarNode s ? s.getValue() : "...");
        if (text.isPresent() && !List.of(harmless).contains(text.get())) {
            throw wrong(
                    key,
                    "'" + text.get() + "' is not supported by this router yet" + (why.isEmpty() ? "" : ": ") + why
                            + " (expected: " + (harmless.length == 0 ? "nothing" : String.join(" or ", harmless))
                            + ")");
        }
    }

    /** Reads numbers that change nothing here, so that wrong ones are refused all the same. */
    void accepted(int least, String... keys) {
        for (String key : keys) {
            integer(key, least, Integer.MAX_VALUE).ifPresent(value -> known.add(key));
        }
    }

    /** Reads texts that change nothing here. */
    void accepted(String... keys) {
        for (String key : keys) {
            text(key).ifPresent(value -> known.add(key));
        }
    }

    private Optional<Node> value(String key) {
        known.add(key);
        @Nullable Node node = values.get(key);
        return node == null || node.getTag().equals(Tag.NULL) ? Optional.empty() : Optional.of(node);
    }

    Optional<String> text(String key) {
        return value(key).map(node -> {
            if (node instanceof ScalarNode scalar) {
                return scalar.getValue();
            }
            throw wrong(key, "is no text");
        });
    }

    String required(String key, String expected) {
        return text(key).orElseThrow(() -> wrong(key, "is missing (expected: " + expected + ")"));
    }

    <T> Optional<T> parsed(String key, Function<String, T> parse) {
        return text(key).map(text -> checked(key, () -> parse.apply(text)));
    }

    Optional<Boolean> flag(String key) {
        return text(key).map(text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, "'" + text + "' (expected: true or false)");
        });
    }

    Optional<Integer> integer(String key, int least, int most) {
        return text(key).map(text -> {
            if (text.matches("-?\\d{1,10}")) {
                long value = Long.parseLong(text);
                if (value >= least && value <= most) {
                    return (int) value;
                }
            }
            throw wrong(key, number(text, least, most));
        });
    }

    private static String number(String text, int least, int most) {
        return "'" + text + "' (expected: a whole number, "
                + (most == Integer.MAX_VALUE ? ">= " + least : least + ".." + most) + ")";
    }

    Optional<Double> number(String key) {
        return text(key).map(text -> {
            if (!text.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d{1,3})?")) {
                throw wrong(key, "'" + text + "' (expected: a number)");
            }
            return Double.parseDouble(text);
        });
    }

    /** {@code key} ends in Ms; at least {@code least} of them. */
    Optional<Duration> millis(String key, int least) {
        return integer(key, least, Integer.MAX_VALUE).map(Duration::ofMillis);
    }

    Optional<Block> block(String key) {
        return value(key).map(node -> mapping(at(key), node));
    }

    private static Block mapping(String where, Node node) {
        if (node instanceof MappingNode mapping) {
            return new Block(where, mapping);
        }
        throw failure(lineOf(node), where + " is no mapping (expected: key: value)");
    }

    /** A list of mappings; a single one counts as a list of one. */
    List<Block> blocks(String key) {
        Optional<Node> node = value(key);
        if (node.isEmpty()) {
            return List.of();
        }
        if (!(node.get() instanceof SequenceNode sequence)) {
            return List.of(mapping(at(key), node.get()));
        }
        List<Block> blocks = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            blocks.add(mapping(at(key) + "[" + blocks.size() + "]", element));
        }
        return blocks;
    }

    /** A list of texts; a single one counts as a list of one. */
    List<String> texts(String key) {
        Optional<Node> node = value(key);
        if (node.isEmpty()) {
            return List.of();
        }
        if (!(node.get() instanceof SequenceNode sequence)) {
            return List.of(text(key).orElseThrow());
        }
        List<String> texts = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            if (!(element instanceof ScalarNode scalar)) {
                throw failure(lineOf(element), at(key) + " has an element that is no text");
            }
            texts.add(scalar.getValue());
        }
        return texts;
    }

    /** The block as JSON values, for {@code /config.json}. */
    static Object plain(String text) {
        return new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
    }
}
