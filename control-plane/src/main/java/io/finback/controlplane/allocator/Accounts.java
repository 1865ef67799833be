package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Running sums of who holds how much: per role, per framework within a role, and what counts to each top-level role's quota (what its
 * tree holds of unreserved resources, and all that is reserved for it, held or not). Shared volumes count to nobody.
 */
final class Accounts {
    private static final Sums NOTHING = new Sums();

    private final Map<String, Sums> roles = new HashMap<>();
    private final Map<String, Map<FrameworkId, Sums>> frameworks = new HashMap<>();
    private final Map<String, Sums> consumed = new HashMap<>();
    private Set<Account> moved = new LinkedHashSet<>();
    private Set<String> movedTops = new LinkedHashSet<>();

    /** One framework's account within a role. */
    record Account(String role, FrameworkId framework) {}

    void claim(Holding holding) {
        Resources amount = ResourceMath.exclusive(holding.resources());
        sums(roles, holding.role()).add(amount);
        frameworks
                .computeIfAbsent(holding.role(), role -> new HashMap<>())
                .computeIfAbsent(holding.key().framework(), id -> new Sums())
                .add(amount);
        sums(consumed, topOf(holding.role())).add(Shares.chargeable(amount));
        note(holding);
    }

    void release(Holding holding) {
        Resources amount = ResourceMath.exclusive(holding.resources());
        sums(roles, holding.role()).subtract(amount);
        Map<FrameworkId, Sums> inRole = frameworks.getOrDefault(holding.role(), Map.of());
        Sums mine = inRole.getOrDefault(holding.key().framework(), NOTHING);
        mine.subtract(amount);
        if (mine.isZero()) {
            inRole.remove(holding.key().framework());
        }
        sums(consumed, topOf(holding.role())).subtract(Shares.chargeable(amount));
        note(holding);
    }

    /** An agent's resources become part of the pool. */
    void addTotal(Resources total) {
        for (Special entry : total.special()) {
            entry.kind().reservedTo().ifPresent(role -> {
                sums(consumed, topOf(role)).add(entry.amount());
                movedTops.add(topOf(role));
            });
        }
    }

    void subtractTotal(Resources total) {
        for (Special entry : total.special()) {
            entry.kind().reservedTo().ifPresent(role -> {
                sums(consumed, topOf(role)).subtract(entry.amount());
                movedTops.add(topOf(role));
            });
        }
    }

    /** The accounts that changed since this was asked last; for the one book that follows these. */
    Set<Account> takeMoved() {
        Set<Account> taken = moved;
        moved = new LinkedHashSet<>();
        return taken;
    }

    /** The top-level roles of which what counts to their quota changed since this was asked last. */
    Set<String> takeMovedTops() {
        Set<String> taken = movedTops;
        movedTops = new LinkedHashSet<>();
        return taken;
    }

    /** Every account that holds something. */
    Set<Account> all() {
        Set<Account> all = new LinkedHashSet<>();
        frameworks.forEach(
                (role, inRole) -> inRole.keySet().forEach(framework -> all.add(new Account(role, framework))));
        return all;
    }

    /** The top-level roles that have, or have had, something that counts to a quota. */
    Set<String> tops() {
        return Set.copyOf(consumed.keySet());
    }

    /** What tasks hold that is accounted to exactly this role. */
    Sums ofRole(String role) {
        return roles.getOrDefault(role, NOTHING);
    }

    Sums of(String role, FrameworkId framework) {
        return frameworks.getOrDefault(role, Map.of()).getOrDefault(framework, NOTHING);
    }

    /** What counts to the quota of this top-level role. */
    Sums consumed(String topLevelRole) {
        return consumed.getOrDefault(topLevelRole, NOTHING);
    }

    /** Roles that hold, or have held, something. */
    Set<String> roles() {
        return Collections.unmodifiableSet(roles.keySet());
    }

    static String topOf(String role) {
        int slash = role.indexOf('/');
        return slash < 0 ? role : role.substring(0, slash);
    }

    private void note(Holding holding) {
        moved.add(new Account(holding.role(), holding.key().framework()));
        movedTops.add(topOf(holding.role()));
    }

    private static Sums sums(Map<String, Sums> map, String role) {
        return map.computeIfAbsent(role, name -> new Sums());
    }
}
