package dev.sofa.shop;

public class Transfer extends Payment {
    private static final long serialVersionUID = 1L;
    public String iban;
    public CardPayment fallback;
}
