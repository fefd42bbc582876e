package dev.sofa.shop;

import java.util.Date;

/** Thrown without being declared. */
public class ClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    public Date until;
}
