package io.finback.controlplane.namerdapi;

import io.finback.controlplane.naming.NamesView;
import io.finback.controlplane.naming.SeenNames;
import io.finback.security.Action;
import io.finback.security.Principal;
import io.finback.security.Rules;
import java.util.Optional;

/** What one principal may do with delegation tables, by their namespaces; what names are bound to by {@code view_apps}, too. */
final class NameRights {
    private final Rules rules;
    private final Optional<Principal> who;

    NameRights(Rules rules, Optional<Principal> who) {
        this.rules = rules;
        this.who = who;
    }

    /** By the rules as they are at each look: streams last. */
    SeenNames seen(NamesView view) {
        return view.seen(namespace -> rules.sight(who).sees(Action.VIEW_DTAB, namespace), app -> rules.sight(who)
                .sees(Action.VIEW_APP, app));
    }

    /** A refusal is written down. */
    boolean maySee(String namespace) {
        return rules.allows(who, Action.VIEW_DTAB, namespace);
    }

    boolean mayChange(String namespace) {
        return rules.allows(who, Action.CHANGE_DTAB, namespace);
    }
}
