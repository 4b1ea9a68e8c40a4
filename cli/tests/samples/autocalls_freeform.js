const response = await fetch(
  'https://app.autocalls.ai/api/user/whatsapp/send-freeform',
  {
    method: 'POST',
    headers: {
      'Authorization': 'Bearer YOUR_API_KEY',
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({
      sender_id: 12,
      recipient_phone: '+1234567890',
      message: 'Thank you for your inquiry! Our team will review your request and get back to you within 2 hours.'
    })
  }
);

const data = await response.json();
console.log(data);
