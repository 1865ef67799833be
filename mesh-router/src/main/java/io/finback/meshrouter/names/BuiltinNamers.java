package io.finback.meshrouter.names;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The namers everyone has: {@code /$/nil} (Empty), {@code /$/fail} (Fail), {@code /$/inet/host/port} and {@code /$/inet/port}
 * (addresses as written), {@code /$/io.buoyant.http.domainToPathPfx/pfx/a.b.c} (rewritten to {@code /pfx/c/b/a}).
 */
public final class BuiltinNamers {
    private static final Path ROOT = Path.of("$");

    private BuiltinNamers() {}

    public static Namer all() {
        return Namer.at(ROOT, BuiltinNamers::lookup);
    }

    private static NameTree<Name> lookup(Path path) {
        if (path.size() < 2) {
            return NameTree.neg();
        }
        return switch (path.elements().get(1)) {
            case "nil" -> new NameTree.Empty<>();
            case "fail" -> new NameTree.Fail<>();
            case "inet" -> inet(path);
            case "io.buoyant.http.domainToPathPfx" -> domainToPath(path);
            default -> NameTree.neg();
        };
    }

    private static NameTree<Name> inet(Path path) {
        if (path.size() >= 4 && isPort(path.elements().get(3))) {
            return NameTree.leaf(new Name.Bound(path.take(4), path.drop(4)));
        }
        if (path.size() >= 3 && isPort(path.elements().get(2))) {
            return NameTree.leaf(new Name.Bound(path.take(3), path.drop(3)));
        }
        return NameTree.neg();
    }

    /** {@code /$/io.buoyant.http.domainToPathPfx/<pfx>/<domain>/rest}: the last path element before the rest is the domain. */
    private static NameTree<Name> domainToPath(Path path) {
        if (path.size() < 4) {
            return NameTree.neg();
        }
        List<String> labels = new ArrayList<>(List.of(path.elements().get(3).split("\\.", -1)));
        if (labels.stream().anyMatch(String::isEmpty)) {
            return NameTree.neg();
        }
        Collections.reverse(labels);
        List<String> rewritten = new ArrayList<>();
        rewritten.add(path.elements().get(2));
        rewritten.addAll(labels);
        return NameTree.leaf(new Name.Unbound(new Path(rewritten).concat(path.drop(4))));
    }

    /** Whether {@code text} is a TCP port, 1..65535. */
    public static boolean isPort(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        int port = Integer.parseInt(text);
        return port >= 1 && port <= 65535;
    }
}
