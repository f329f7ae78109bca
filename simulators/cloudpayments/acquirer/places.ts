/** Where every payer of this gateway lives: a fixed place, which the model of a transaction and its notifications share. */
export const place = {
  IpCountry: 'RU',
  IpCity: 'Москва',
  IpRegion: 'Москва',
  IpDistrict: 'Центральный федеральный округ',
  IpLatitude: '55.7522',
  IpLongitude: '37.6156',
} as const;

export const issuer = { Issuer: 'Test Bank', IssuerBankCountry: 'RU' } as const;

export const gatewayName = 'Test';
