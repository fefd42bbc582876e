package dev.sofa.shop;

import java.util.Date;

public class VipCustomer extends Customer {
    private static final long serialVersionUID = 1L;
    public Date since;
    public char level;
}
