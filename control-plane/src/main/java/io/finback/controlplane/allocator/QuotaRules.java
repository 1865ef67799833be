package io.finback.controlplane.allocator;

import io.finback.resources.RoleName;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** When quotas make sense. Source: apache/mesos {@code docs/quota.md}, {@code src/master/quota_handler.cpp}. */
final class QuotaRules {
    private QuotaRules() {}

    /** What is wrong with these quotas; empty: nothing. {@code force}: consumption and capacity are not looked at. */
    static Optional<Refusal> refusalOf(List<Quota> quotas, Draft draft, boolean force) {
        Set<String> seen = new HashSet<>();
        for (Quota quota : quotas) {
            Optional<String> wrong = refusalOf(quota);
            if (wrong.isPresent()) {
                return wrong.map(Refusal::invalid);
            }
            if (!seen.add(quota.role())) {
                return Optional.of(Refusal.invalid("role: '" + quota.role() + "' twice (expected: once)"));
            }
        }
        return force ? Optional.empty() : refusalOfAmounts(quotas, draft);
    }

    private static Optional<String> refusalOf(Quota quota) {
        String role = quota.role();
        Optional<String> wrong = RoleName.problem(role);
        if (wrong.isPresent()) {
            return wrong;
        }
        if (role.equals("*") || role.indexOf('/') >= 0) {
            return Optional.of("role: '" + role + "' (expected: a top-level role other than *)");
        }
        for (SortedMap<String, Long> amounts : List.of(quota.guarantees(), quota.limits())) {
            for (Map.Entry<String, Long> amount : amounts.entrySet()) {
                if (amount.getValue() < 0 || amount.getKey().isEmpty()) {
                    return Optional.of("quota of role '" + role + "': " + show(amount.getKey(), amount.getValue())
                            + " (expected: a named scalar >= 0)");
                }
            }
        }
        for (Map.Entry<String, Long> guarantee : quota.guarantees().entrySet()) {
            Long limit = quota.limits().get(guarantee.getKey());
            if (limit != null && limit < guarantee.getValue()) {
                return Optional.of("quota of role '" + role + "': limit "
                        + show(guarantee.getKey(), limit) + " (expected: at least the guarantee, "
                        + show(guarantee.getKey(), guarantee.getValue()) + ")");
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> refusalOfAmounts(List<Quota> quotas, Draft draft) {
        for (Quota quota : quotas) {
            SortedMap<String, Long> consumed = draft.state().consumed(quota.role());
            for (Map.Entry<String, Long> limit : quota.limits().entrySet()) {
                long used = consumed.getOrDefault(limit.getKey(), 0L);
                if (used > limit.getValue()) {
                    return Optional.of(Refusal.invalid("role '" + quota.role() + "' already consumes "
                            + show(limit.getKey(), used) + ", above the limit "
                            + show(limit.getKey(), limit.getValue()) + " (use 'force' to set it all the same)"));
                }
            }
        }
        Map<String, Quota> all = new LinkedHashMap<>();
        draft.allQuotas().forEach(quota -> all.put(quota.role(), quota));
        quotas.forEach(quota -> all.put(quota.role(), quota));
        SortedMap<String, Long> guaranteed = new TreeMap<>();
        all.values().forEach(quota -> quota.guarantees()
                .forEach((name, amount) -> guaranteed.merge(name, amount, Long::sum)));
        boolean raises = quotas.stream().anyMatch(quota -> !quota.guarantees().isEmpty());
        for (Map.Entry<String, Long> guarantee : guaranteed.entrySet()) {
            long capacity = draft.state().total().milli(guarantee.getKey());
            if (raises && guarantee.getValue() > capacity) {
                return Optional.of(Refusal.invalid("guarantees of all roles, "
                        + show(guarantee.getKey(), guarantee.getValue()) + ", exceed the pool's capacity, "
                        + show(guarantee.getKey(), capacity) + " (use 'force' to set them all the same)"));
            }
        }
        return Optional.empty();
    }

    private static String show(String name, long milli) {
        return name + ":" + BigDecimal.valueOf(milli, 3).stripTrailingZeros().toPlainString();
    }
}
