package dev.sofa.shop;

import java.io.Serializable;
import java.math.BigDecimal;

public abstract class Payment implements Serializable {
    private static final long serialVersionUID = 1L;
    public BigDecimal amount;
}
