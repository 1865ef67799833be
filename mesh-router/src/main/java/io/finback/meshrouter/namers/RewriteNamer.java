package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import io.finback.names.PathPattern;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code io.l5d.rewrite}: a path whose rest matches {@code pattern} becomes {@code name} with the captures in it, and what the pattern left
 * over behind it. Source: linkerd/linkerd RewritingNamer.scala.
 */
public record RewriteNamer(Path prefix, PathPattern pattern, String name) implements NameSource {
    @Override
    public NameTree<Name> lookup(Path path) {
        if (!path.startsWith(prefix)) {
            return NameTree.neg();
        }
        return pattern.match(path.drop(prefix.size()))
                .map(found -> Path.parse(PathPattern.interpolate(name, found.captures()))
                        .concat(found.rest()))
                .map(next -> NameTree.<Name>leaf(new Name.Unbound(next)))
                .orElseGet(NameTree::neg);
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        return Optional.empty();
    }
}
