package dev.sofa.shop;

public class CardPayment extends Payment {
    private static final long serialVersionUID = 1L;
    public String number;
    public byte[] signature;
}
