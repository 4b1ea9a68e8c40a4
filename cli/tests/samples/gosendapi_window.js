const res = await fetch(
  `https://cloud.gosendapi.com/v1/conversations?contact_phone=5491140123456&status=active`,
  { headers: { 'X-API-Key': process.env.GOSENDAPI_KEY } }
);
const { data } = await res.json();
const canFreeText = data.length > 0;
