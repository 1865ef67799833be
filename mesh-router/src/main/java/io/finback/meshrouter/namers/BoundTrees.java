package io.finback.meshrouter.namers;

import io.finback.names.Name;
import io.finback.names.NameTree;
import java.util.List;

/** Trees that a namerd has bound, decided as binding does. Source: twitter/finagle NameTree.scala, {@code eval}. */
final class BoundTrees {
    private BoundTrees() {}

    /** The first that is not Neg. */
    static NameTree<Name.Bound> alternatives(List<NameTree<Name.Bound>> branches) {
        return branches.stream().filter(tree -> !tree.isNeg()).findFirst().orElseGet(NameTree::neg);
    }

    /** Those that are neither Neg nor Fail; the only one of them itself. */
    static NameTree<Name.Bound> union(List<NameTree.Weighted<Name.Bound>> branches) {
        List<NameTree.Weighted<Name.Bound>> survivors = branches.stream()
                .filter(branch -> !branch.tree().isNeg() && !(branch.tree() instanceof NameTree.Fail))
                .toList();
        if (survivors.isEmpty()) {
            return NameTree.neg();
        }
        return survivors.size() == 1 ? survivors.get(0).tree() : new NameTree.Union<>(survivors);
    }
}
