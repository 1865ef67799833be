/** What joins apps to the cluster: the built-in scheduler, the endpoints, the read view each master keeps. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.service;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
